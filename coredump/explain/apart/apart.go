package apart

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"supervise/coredump/elfcore"
	"supervise/coredump/explain"
	"supervise/coredump/report"
	"supervise/coredump/symbols"
	_ "supervise/coredump/symbols/late" // for the child
)

// childCommand are the arguments by which the program becomes the child of [Explain], which
// calls [Child].
var childCommand = []string{"core", "explain"}

// childSocket is the child's descriptor for requests of files.
const childSocket = 3

// Limits of what is taken from the child, and of how long it may take. There may be hundreds
// of modules, each with a file of debug information in one of four places.
const (
	maxRequest  = 8 << 10
	maxRequests = 5 * explain.MaxModules
	apartTime   = 90 * time.Second
)

// Explain explains a core in a child process of its own, which has no privileges, little memory
// and time, and can open nothing: it asks for the files of modules, and gets from options.Open
// what that opens. Whatever a core or a file does to the parser ends with the child, and is the
// error. core is a file, which may be anything that elfcore.Open reads; its offset is not used.
func Explain(ctx context.Context, core *os.File, options explain.Options) (*report.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, apartTime)
	defer cancel()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot make a socket for a child process: %w", err)
	}
	socket := os.NewFile(uintptr(pair[1]), "files")
	cmd := exec.CommandContext(ctx, "/proc/self/exe", append(childCommand, flags(options)...)...)
	cmd.Env, cmd.Dir = []string{"GOTRACEBACK=none"}, "/"
	cmd.Stdin, cmd.ExtraFiles = core, []*os.File{socket}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setsid: true}
	var said strings.Builder
	cmd.Stderr = &limited{to: &said, left: 4 << 10}
	output, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	_ = socket.Close()
	if err != nil {
		_ = unix.Close(pair[0])
		return nil, fmt.Errorf("cannot start a process to explain a core: %w", err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		serve(pair[0], options.Open)
	}()
	var r report.Report
	read := json.NewDecoder(io.LimitReader(output, explain.MaxReport)).Decode(&r)
	if read != nil {
		cancel()
	}
	err = cmd.Wait()
	_ = unix.Shutdown(pair[0], unix.SHUT_RDWR)
	<-served
	_ = unix.Close(pair[0])
	if err != nil || read != nil {
		return nil, fmt.Errorf("cannot explain the core: %w", childError(err, read, said.String()))
	}
	return &r, nil
}

// childError says why there is no report: what the child said or, if it could not any more,
// how it ended.
func childError(ended, read error, said string) error {
	said, _, _ = strings.Cut(strings.TrimSpace(said), "\n")
	switch {
	case said != "":
		return errors.New(said)
	case ended != nil:
		return fmt.Errorf("the process that reads it ended early: %w", ended)
	}
	return read
}

// limited passes on the first bytes that are written to it.
type limited struct {
	to   io.Writer
	left int
}

func (l *limited) Write(b []byte) (int, error) {
	n := min(len(b), l.left)
	l.left -= n
	if _, err := l.to.Write(b[:n]); err != nil {
		return 0, err
	}
	return len(b), nil
}

// flags are what `supervise core explain` makes the same options of.
func flags(o explain.Options) []string {
	args := []string{"--frames=" + strconv.Itoa(o.Frames)}
	for name, on := range map[string]bool{"--all-modules": o.AllModules, "--registers": o.Registers, "--stacks-only": o.StacksOnly} {
		if on {
			args = append(args, name)
		}
	}
	return args
}

// answer is what comes back for a Request, with the file if there is no error.
type answer struct {
	Error   string `json:"error,omitempty"`
	Missing bool   `json:"missing,omitempty"`
}

// serve opens files for the child until it has ended.
func serve(socket int, open explain.Opener) {
	buffer := make([]byte, maxRequest)
	for range maxRequests {
		n, _, _, _, err := unix.Recvmsg(socket, buffer, nil, unix.MSG_CMSG_CLOEXEC)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		var q explain.Request
		if err != nil || n == 0 || json.Unmarshal(buffer[:n], &q) != nil {
			return
		}
		var f symbols.Input
		err = errors.New("no file may be opened")
		if open != nil {
			f, err = open(q)
		}
		sent := reply(socket, f, err)
		if f != nil {
			_ = f.Close()
		}
		if sent != nil {
			return
		}
	}
}

func reply(socket int, f symbols.Input, failure error) error {
	var a answer
	var rights []byte
	if failure != nil {
		a.Missing = errors.Is(failure, os.ErrNotExist)
		a.Error = explain.OpenProblem(failure, false)
	} else {
		rights = unix.UnixRights(int(f.Fd()))
	}
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return unix.Sendmsg(socket, text, rights, nil, unix.MSG_NOSIGNAL)
}

// Child is what `supervise core explain` does: it explains the core on its standard input for
// the [Explain] that started it, to w.
func Child(core *os.File, w io.Writer, options explain.Options) error {
	if err := explain.ConfineChild(); err != nil {
		return err
	}
	info, err := core.Stat()
	if err != nil {
		return err
	}
	c, err := elfcore.Open(core, info.Size())
	if err != nil {
		return err
	}
	options.Open = ask
	return json.NewEncoder(w).Encode(explain.Explain(c, options))
}

// ask is the explain.Opener of the child.
func ask(q explain.Request) (symbols.Input, error) {
	text, err := json.Marshal(q)
	if err != nil || len(text) > maxRequest {
		return nil, errors.New("a path that is too long")
	}
	if err := unix.Sendmsg(childSocket, text, nil, nil, unix.MSG_NOSIGNAL); err != nil {
		return nil, err
	}
	buffer, control := make([]byte, maxRequest), make([]byte, unix.CmsgSpace(4))
	n, controls, _, _, err := unix.Recvmsg(childSocket, buffer, control, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return nil, err
	}
	var a answer
	if err := json.Unmarshal(buffer[:n], &a); err != nil {
		return nil, err
	}
	switch {
	case a.Missing:
		return nil, os.ErrNotExist
	case a.Error != "":
		return nil, errors.New(a.Error)
	}
	return received(control[:controls], q.Path)
}

func received(control []byte, name string) (symbols.Input, error) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil || len(messages) != 1 {
		return nil, errors.New("no file came")
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return nil, errors.New("no file came")
	}
	return os.NewFile(uintptr(fds[0]), name), nil
}
