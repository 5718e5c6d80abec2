package bench

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Place is where a trial takes place: what ends all that is left of it.
type Place string

// The places.
const (
	Namespace Place = "PID namespace"
	Subreaper Place = "subreaper" // this user may not make namespaces
)

// The descriptors of a holder: it reads what it is to do from the one, which is closed when
// whoever started it ends, and tells what it sees by the other.
const (
	requestFD = 3
	reportFD  = 4
)

// order is what a holder is to do.
type order struct {
	Place   Place
	Request json.RawMessage
}

// message is what a holder tells, one line of JSON each: reports, then the result or why
// there is none.
type message struct {
	Report json.RawMessage `json:",omitempty"`
	Result json.RawMessage `json:",omitempty"`
	Failed string          `json:",omitempty"`
}

// longest is how many bytes a message may have.
const longest = 64 << 20

// ErrTooLong says that a trial was ended because it took longer than it may.
var ErrTooLong = errors.New("it took too long, and was killed")

// Trial is how a trial is made.
type Trial struct {
	Argv  []string      // starts this program as a holder: it must call [Serve]
	Limit time.Duration // after which it is killed: [ErrTooLong]

	// OwnQueue counts the pending signals of root in the trial by themselves, beside those of
	// all other processes of root: by a user namespace. It is so for others in any case.
	OwnQueue bool

	Place Place // "" for a namespace, or else a subreaper
}

// Run makes a trial. What the holder reports comes to told, and what it returns into result,
// by way of JSON.
func Run(ctx context.Context, t *Trial, request, result any, told func([]byte)) (Place, error) {
	text, err := json.Marshal(request)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, t.Limit)
	defer cancel()
	place := cmp.Or(t.Place, Namespace)
	err = run(ctx, t, &order{place, text}, result, told)
	if errors.Is(err, errNoNamespace) && t.Place == "" {
		place = Subreaper
		err = run(ctx, t, &order{place, text}, result, told)
	}
	if ctx.Err() != nil && err != nil {
		if err = context.Cause(ctx); errors.Is(err, context.DeadlineExceeded) {
			err = ErrTooLong
		}
	}
	return place, err
}

// errNoNamespace says that this user may not make namespaces here.
var errNoNamespace = errors.New("cannot make a PID namespace")

// refusals are the errors of a machine that has no namespaces for this user.
var refusals = []syscall.Errno{unix.EPERM, unix.EACCES, unix.ENOSPC, unix.EINVAL, unix.ENOSYS, unix.EUSERS}

func run(ctx context.Context, t *Trial, o *order, result any, told func([]byte)) error {
	// The holder dies with the thread that started it: PR_SET_PDEATHSIG(2const).
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	orders, give, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = give.Close() }()
	reports, report, err := os.Pipe()
	if err != nil {
		_ = orders.Close()
		return err
	}
	defer func() { _ = reports.Close() }()
	var complaints strings.Builder
	cmd := exec.CommandContext(ctx, t.Argv[0], t.Argv[1:]...)
	cmd.ExtraFiles = []*os.File{orders, report}
	cmd.Stderr = &complaints
	cmd.WaitDelay = 10 * time.Second
	if o.Place == Namespace {
		cmd.SysProcAttr = namespaces(t.OwnQueue)
	} else {
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		cmd.Cancel = give.Close // and then it kills what it has started
	}
	err = cmd.Start()
	_, _ = orders.Close(), report.Close()
	if errno := syscall.Errno(0); errors.As(err, &errno) && o.Place == Namespace && slices.Contains(refusals, errno) {
		return fmt.Errorf("%w: %w", errNoNamespace, err)
	}
	if err != nil {
		return err
	}
	if err := json.NewEncoder(give).Encode(o); err != nil {
		_ = cmd.Wait()
		return err
	}
	found, err := read(bufio.NewScanner(reports), result, told)
	_ = give.Close()
	ended := cmd.Wait()
	if err == nil && !found {
		err = fmt.Errorf("the trial ended early (%v) %s", ended, strings.TrimSpace(complaints.String()))
	}
	return err
}

// read reads what a holder tells, until its result.
func read(lines *bufio.Scanner, result any, told func([]byte)) (found bool, err error) {
	lines.Buffer(nil, longest)
	for lines.Scan() {
		var m message
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			return false, err
		}
		switch {
		case m.Failed == noProc:
			return false, errNoNamespace
		case m.Failed != "":
			return false, errors.New(m.Failed)
		case m.Result != nil:
			return true, json.Unmarshal(m.Result, result)
		case told != nil:
			told(m.Report)
		}
	}
	return false, lines.Err()
}

// namespaces are those of a holder. Root makes them as it is, so that programs can become
// other users in them; others need a user namespace, with their own id and no others, and keep
// what the holder may do in it over execve(2).
func namespaces(ownQueue bool) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWIPC,
		Pdeathsig:  syscall.SIGKILL,
		Setsid:     true,
	}
	if uid, gid := os.Geteuid(), os.Getegid(); uid != 0 {
		attr.Cloneflags |= syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}}
		attr.AmbientCaps = ours
	} else if ownQueue {
		attr.Cloneflags |= syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 1 << 16}}
		attr.GidMappings, attr.GidMappingsEnableSetgroups = attr.UidMappings, true
	}
	return attr
}
