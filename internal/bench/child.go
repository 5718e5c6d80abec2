package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/bench/proc"
	"supervise/internal/bench/role"
)

// patience is how long any single wait may take.
const patience = 20 * time.Second

// child is a process that an experiment has started, with pipes to its standard input and
// output. Its standard error goes into a file, for error messages.
type child struct {
	pid     int
	in, out int // our ends of the pipes
	errors  string
	rest    []byte // read from out, but not yet requested
}

// start starts a program as it is, a wrapper with a command for example.
func (b *bench) start(argv ...string) (*child, error) { return b.spawn(argv, 0) }

// startInit starts it as PID 1 of a namespace of its own.
func (b *bench) startInit(argv ...string) (*child, error) {
	return b.spawn(append([]string{b.self, role.Name, "enter"}, argv...), syscall.CLONE_NEWPID|syscall.CLONE_NEWNS)
}

func (b *bench) spawn(argv []string, namespaces uintptr) (*child, error) {
	var in, out [2]int
	if err := syscall.Pipe2(in[:], syscall.O_CLOEXEC); err != nil {
		return nil, os.NewSyscallError("pipe2", err)
	}
	defer syscall.Close(in[0])
	if err := syscall.Pipe2(out[:], syscall.O_CLOEXEC); err != nil {
		return nil, errors.Join(os.NewSyscallError("pipe2", err), syscall.Close(in[1]))
	}
	defer syscall.Close(out[1])
	b.started++
	c := &child{in: in[1], out: out[0], errors: filepath.Join(b.dir, fmt.Sprintf("stderr.%d", b.started))}
	file, err := os.Create(c.errors)
	if err == nil {
		defer file.Close()
		c.pid, err = syscall.ForkExec(argv[0], argv, &syscall.ProcAttr{
			Env: os.Environ(), Files: []uintptr{uintptr(in[0]), uintptr(out[1]), file.Fd()},
			Sys: &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Cloneflags: namespaces},
		})
	}
	if err != nil {
		c.close()
		return nil, fmt.Errorf("cannot start %s: %w", argv[0], err)
	}
	return c, nil
}

// kill ends the child. Its descendants are left to sweep.
func (c *child) kill() {
	if c == nil {
		return
	}
	_ = syscall.Kill(c.pid, syscall.SIGKILL)
	c.wait()
	c.close()
}

// wait reaps the child, which must have been killed.
func (c *child) wait() {
	for {
		if _, err := syscall.Wait4(c.pid, nil, 0, nil); err != syscall.EINTR {
			return
		}
	}
}

func (c *child) close() {
	_ = syscall.Close(c.in)
	_ = syscall.Close(c.out)
	_ = os.Remove(c.errors)
}

// read fills a buffer from the child's output.
func (c *child) read(buffer []byte) error {
	deadline := time.Now().Add(patience)
	n := copy(buffer, c.rest)
	c.rest = c.rest[n:]
	for n < len(buffer) {
		if err := readable(c.out, deadline); err != nil {
			return c.explain(err)
		}
		got, err := syscall.Read(c.out, buffer[n:])
		if err == nil && got == 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return c.explain(err)
		}
		n += got
	}
	return nil
}

// line reads one line of the child's output.
func (c *child) line() (string, error) {
	deadline := time.Now().Add(patience)
	for {
		if line, rest, found := bytes.Cut(c.rest, []byte{'\n'}); found {
			c.rest = rest
			return string(line), nil
		}
		if err := readable(c.out, deadline); err != nil {
			return "", c.explain(err)
		}
		chunk := make([]byte, 4096)
		n, err := syscall.Read(c.out, chunk)
		if err == nil && n == 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return "", c.explain(err)
		}
		c.rest = append(c.rest, chunk[:n]...)
	}
}

// ask writes a line to the child and reads its answer.
func (c *child) ask(request string) (string, error) {
	if _, err := syscall.Write(c.in, []byte(request+"\n")); err != nil {
		return "", c.explain(err)
	}
	return c.line()
}

// explain adds the last line that the child wrote to standard error.
func (c *child) explain(err error) error {
	text, _ := os.ReadFile(c.errors)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return fmt.Errorf("%w (%s)", err, last)
	}
	return err
}

// errSilent is the error of a wait that took too long.
var errSilent = fmt.Errorf("nothing heard within %v", patience)

// readable waits until a descriptor has something to read, or is at its end.
func readable(fd int, deadline time.Time) error {
	for {
		poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(poll, max(0, int(time.Until(deadline).Milliseconds())))
		switch {
		case err == unix.EINTR:
		case err != nil:
			return os.NewSyscallError("poll", err)
		case n == 0:
			return errSilent
		default:
			return nil
		}
	}
}

// sweep kills and reaps all children, and the orphans that come to this process as PID 1 or
// child subreaper, until none is left.
func sweep() error {
	deadline := time.Now().Add(patience)
	for {
		pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		switch {
		case err == syscall.ECHILD:
			return nil
		case pid > 0 || err == syscall.EINTR:
			continue
		case err != nil:
			return os.NewSyscallError("wait4", err)
		case time.Now().After(deadline):
			return fmt.Errorf("cannot end all processes within %v", patience)
		}
		all, err := proc.All()
		if err != nil {
			return err
		}
		for _, p := range all {
			if p.Parent == os.Getpid() && !p.Zombie {
				_ = syscall.Kill(p.PID, syscall.SIGKILL)
			}
		}
		_ = unix.Nanosleep(&unix.Timespec{Nsec: 500_000}, nil)
	}
}
