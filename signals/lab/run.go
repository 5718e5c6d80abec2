package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// Limit is how long an experiment may take. It is then killed.
const Limit = 20 * time.Second

// Run makes an experiment and returns its result. argv starts this program in the role of a
// stage: it must call [Stage] with the name of the experiment. Each step is told as it comes,
// unless told is nil.
func Run(ctx context.Context, e *Experiment, argv []string, told func(Step)) Result {
	result := Result{Name: e.Name, Title: e.Title, Teaches: e.Teaches, Man: e.Man, Trace: e.Trace, Steps: []Step{}}
	ctx, cancel := context.WithTimeout(ctx, Limit)
	defer cancel()
	// The stage dies with the thread that started it: PR_SET_PDEATHSIG(2const).
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	reader, writer, err := os.Pipe()
	if err != nil {
		result.Verdict, result.Why = Impossible, err.Error()
		return result
	}
	defer func() { _ = reader.Close() }()
	var complaints strings.Builder
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.SysProcAttr = namespaces()
	cmd.Env = append(os.Environ(), cgroupVariable+"="+cgroupName())
	cmd.ExtraFiles = []*os.File{writer}
	cmd.Stderr = &complaints
	cmd.WaitDelay = time.Second
	err = cmd.Start()
	_ = writer.Close()
	if err != nil {
		result.Verdict, result.Why = Impossible, fmt.Sprintf("cannot make a user, PID and mount namespace: %v", err)
		return result
	}
	end := result.read(reader, told)
	err = cmd.Wait()
	sweep()
	switch {
	case ctx.Err() != nil:
		result.Verdict, result.Why = Differs, "it took too long, and was killed"
	case !end:
		result.Verdict, result.Why = Differs, fmt.Sprintf("it ended early (%v) %s", err, strings.TrimSpace(complaints.String()))
	}
	return result
}

// namespaces are those of a stage. Root has all ids in them, others only their own.
func namespaces() *syscall.SysProcAttr {
	ids := 1
	if os.Geteuid() == 0 {
		ids = 65536
	}
	inside := 0
	return &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWIPC,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: inside, HostID: os.Geteuid(), Size: ids}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: inside, HostID: os.Getegid(), Size: ids}},
		Pdeathsig:   syscall.SIGKILL,
		Setsid:      true,
	}
}

// read reads what a stage tells, and reports whether it came to the end.
func (r *Result) read(from io.Reader, told func(Step)) (end bool) {
	decoder := json.NewDecoder(from)
	for {
		var m message
		if decoder.Decode(&m) != nil {
			r.judge()
			return false
		}
		switch {
		case m.Step != nil:
			r.Steps = append(r.Steps, *m.Step)
			if told != nil {
				told(*m.Step)
			}
			continue
		case m.Impossible != "":
			r.Verdict, r.Why = Impossible, m.Impossible
		case m.Failed != "":
			r.Verdict, r.Why = Differs, m.Failed
		case m.End && r.Verdict == OK:
			r.judge()
		}
		if m.End {
			return true
		}
	}
}
