package handler

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"supervise/coredump/order"
	"supervise/coredump/talk"
)

// Main takes the core on standard input, and returns the exit status. Without arguments it gets
// its order on the descriptor [order.Socket]; those of core_pattern name a socket to ask.
func Main(arguments []string) int {
	harden()
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGPIPE)
	begun := time.Now()
	var j *job
	var err error
	if len(arguments) == 0 {
		j, err = ordered()
	} else {
		j, err = piped(arguments)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "supervise: no core is taken:", err)
		return 1
	}
	defer j.close()
	j.begun = begun
	j.run(ctx)
	return 0
}

// harden keeps a crash of this process from asking for a handler, or for us.
func harden() {
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	unix.Umask(0o077)
}

// ordered takes the order of the collector that has started us.
func ordered() (*job, error) {
	told, err := talk.Open(order.Socket)
	if err != nil {
		return nil, fmt.Errorf("descriptor %d is no socket: this command is for collectors of cores and for core_pattern: %w", order.Socket, err)
	}
	unix.CloseOnExec(order.Socket)
	unix.CloseOnExec(order.PIDFD)
	j := &job{told: told, pidfd: -1}
	if _, err := told.Receive(&j.order); err != nil {
		told.Close()
		return nil, fmt.Errorf("no order comes: %w", err)
	}
	if j.order.HasPIDFD {
		j.pidfd = order.PIDFD
	}
	if j.order.File == "" {
		j.core, err = openCore()
	}
	return j, err
}

// openCore returns standard input, which must be waited for with a deadline.
func openCore() (*os.File, error) {
	fd, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 10)
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		return nil, fmt.Errorf("standard input is no core: %w", err)
	}
	core := os.NewFile(uintptr(fd), "core")
	if err := core.SetReadDeadline(time.Time{}); err != nil {
		return nil, fmt.Errorf("standard input is neither a socket nor a pipe: %w", err)
	}
	// The descriptor 0 would keep the process waiting after core is closed.
	null, err := unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err == nil {
		err = unix.Dup3(null, 0, 0)
		_ = unix.Close(null)
	}
	return core, err
}
