//go:build !slim

package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"supervise/signals"
	"supervise/signals/recorder"
	"supervise/supervisor/attribution"
)

// recorderSocket is the descriptor of the socket to whom has started a recorder's helper.
const recorderSocket = 3

// newRecorder is the process that loads a recorder, started by run and by init. Nobody else is to
// call it, so that it is in no help.
func newRecorder() *cobra.Command {
	return &cobra.Command{
		Use:               "recorder load CGROUP | watch PID",
		Hidden:            true,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(_ *cobra.Command, args []string) error {
			// The services that have just been started come first.
			_ = unix.Setpriority(unix.PRIO_PROCESS, 0, 10)
			switch {
			case len(args) == 2 && args[0] == "load":
				return recorder.Serve(recorderSocket, recorder.Scope{Cgroup: args[1]})
			case len(args) == 2 && args[0] == "watch":
				pid, err := strconv.Atoi(args[1])
				if err != nil {
					return usageError{err}
				}
				return watch(pid)
			}
			return exitStatus(exitUsage)
		},
	}
}

// watch records the signals to one process, the command of an init, our parent, and answers which of
// them ended it: package pid1 has the other end. It ends with its socket.
func watch(pid int) error {
	r, err := recorder.Open(recorder.Scope{})
	if err != nil {
		_ = answer(err.Error())
		return fmt.Errorf("it is not recorded who sends signals to the command: %w", err)
	}
	defer r.Close()
	var memory recorder.Memory
	read := func() {
		r.Read(func(s *recorder.Signal) {
			if int(s.Target) == pid {
				memory.Take(s)
			}
		})
	}
	if err := answer("ready"); err != nil {
		return err
	}
	_ = os.WriteFile("/proc/self/comm", []byte("recorder"), 0)
	fds := []unix.PollFd{{Fd: recorderSocket, Events: unix.POLLIN}, {Fd: int32(r.FD()), Events: unix.POLLIN}}
	for {
		if _, err := unix.Poll(fds, -1); err != nil && err != unix.EINTR {
			return err
		}
		read()
		if fds[0].Revents == 0 {
			continue
		}
		var signal [1]byte
		if n, err := unix.Read(recorderSocket, signal[:]); n != 1 {
			return err
		}
		read()
		if err := answer(whoKilled(&memory, pid, signals.Signal(signal[0]))); err != nil {
			return err
		}
	}
}

func answer(text string) error {
	return unix.Sendmsg(recorderSocket, []byte(text), nil, nil, unix.MSG_NOSIGNAL)
}

// whoKilled is "own" if init sent the signal: it knows for whom.
func whoKilled(memory *recorder.Memory, pid int, signal signals.Signal) string {
	verdict := attribution.Verdict{Certainty: attribution.Unknown}.Witnessed(memory, pid, signals.Exit{Signal: signal}, 0)
	if verdict.Seen.Cause == recorder.FromProcess && int(verdict.By.PID) == unix.Getppid() && !verdict.Seen.Outside {
		return "own"
	}
	return verdict.String()
}
