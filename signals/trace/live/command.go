package live

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"supervise/signals"
	"supervise/signals/intake"
	"supervise/signals/trace"
	"supervise/supervisor/process"
)

// Command is a command that was started, and waits until it is released before it executes its
// program: whoever is to trace it sees everything.
type Command struct {
	PID int

	spec     *process.Spec
	begun    process.Begun
	progress process.Progress
	gate     *os.File
	wait     *os.File
}

// Hold starts a command with the signal mask, the ignored signals and the limits that this
// process inherited. The error of a program that is not there is that of [process.Lookup].
func Hold(argv []string) (*Command, error) {
	path, havePath := os.LookupEnv("PATH")
	file, err := process.Lookup(argv[0], path, havePath)
	if err != nil {
		return nil, err
	}
	c := &Command{}
	if c.wait, c.gate, err = os.Pipe(); err != nil {
		return nil, err
	}
	found := intake.ReadInherited()
	c.spec = &process.Spec{
		Path: file, Argv: argv, Env: os.Environ(), Mask: found.Mask, Ignore: found.Ignored, Files: []int{0, 1, 2},
		NoPIDFD: true, Progress: &c.progress, Gate: [2]int{int(c.wait.Fd()), int(c.gate.Fd())}, HasGate: true,
	}
	if found.NoFile.Soft != 0 {
		c.spec.Limits = []process.Limit{{Resource: unix.RLIMIT_NOFILE, Soft: found.NoFile.Soft, Hard: found.NoFile.Hard, Optional: true}}
	}
	c.begun = process.Begin(c.spec)
	c.PID = c.begun.PID()
	if !c.begun.HasChild() {
		c.close()
		return nil, errors.New("a command cannot be held here until it is traced: it takes clone3(2), Linux 5.5")
	}
	return c, nil
}

func (c *Command) close() {
	c.gate.Close()
	c.wait.Close()
}

// Release lets the command execute its program, and returns when it has, or why it could not.
func (c *Command) Release() error {
	_, _ = c.gate.Write([]byte{process.Passed})
	c.close()
	_, rest := c.begun.Wait(0)
	if rest == nil {
		return nil
	}
	c.spec.HasGate = false // for another attempt, which knows why the first one failed
	child, err := rest()
	if err == nil && child.PID != c.PID {
		// It failed, and was made once more without us.
		_ = unix.Kill(child.PID, unix.SIGKILL)
		_, _ = unix.Wait4(child.PID, nil, 0, nil)
		err = errors.New("the command could not be started beside this process")
	}
	return err
}

// Abandon ends a command that is not to be released.
func (c *Command) Abandon() {
	c.progress.GiveUp()
	c.close()
	if _, rest := c.begun.Wait(0); rest != nil {
		_, _ = rest()
	}
}

// Wait waits until the command has ended, and reaps it, unless the backend does.
func (c *Command) Wait(backend trace.Backend) (signals.Exit, error) {
	if b, ok := backend.(interface {
		Wait(pid int) (unix.WaitStatus, error)
	}); ok {
		status, err := b.Wait(c.PID)
		return exitOf(status), err
	}
	var status unix.WaitStatus
	for {
		if _, err := unix.Wait4(c.PID, &status, 0, nil); !errors.Is(err, unix.EINTR) {
			return exitOf(status), err
		}
	}
}

func exitOf(status unix.WaitStatus) signals.Exit {
	if status.Signaled() {
		return signals.Exit{Signal: signals.Signal(status.Signal()), Core: status.CoreDump()}
	}
	return signals.Exit{Code: status.ExitStatus()}
}
