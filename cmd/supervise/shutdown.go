//go:build !slim

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"supervise/supervisor/control/client"
	"supervise/supervisor/control/request"
)

func newShutdown() *cobra.Command {
	var s shutdown
	cmd := &cobra.Command{
		Use:   "shutdown",
		Short: "Stop all services and the supervisor, and wait until it is gone",
		Long: `Stop all services by their ladders and then the supervisor, and wait until its process is
gone. Every few seconds it prints which services are still being stopped. --now sends
SIGKILL at once.

Exit status: 0 when it is gone, 1 when it is not, 2 for a wrong command line, 3 when no
supervisor runs.`,
		Example: `  supervise shutdown
  supervise shutdown --now
  supervise shutdown --timeout 1m || supervise shutdown --now`,
		Args:              exactly(),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return s.run(cmd.OutOrStdout()) },
	}
	s.flags(cmd)
	cmd.Flags().BoolVar(&s.now, "now", false, "kill everything at once")
	cmd.Flags().BoolVar(&s.noWait, "no-wait", false, "do not wait until it is gone")
	cmd.Flags().DurationVar(&s.timeout, "timeout", 0, "how long to wait, a `DURATION` such as 30s; the shutdown goes on after that (default: for ever)")
	return cmd
}

// shutdown is the shutdown command.
type shutdown struct {
	remote
	now     bool
	noWait  bool
	timeout time.Duration
}

func (s *shutdown) run(w io.Writer) error {
	if err := notNegative("--timeout", s.timeout); err != nil {
		return err
	}
	c, err := client.Dial(s.directory())
	if err != nil {
		return s.explain(nil, request.Shutdown{}, err)
	}
	// Opened before the request: the process that answers it is alive, so the pidfd cannot be
	// that of a later process with the same pid.
	process, err := unix.PidfdOpen(c.PID(), 0)
	if err != nil && !s.noWait {
		return fmt.Errorf("cannot watch the supervise of %s: pidfd_open %d: %w", s.directory(), c.PID(), err)
	}
	if err == nil {
		defer unix.Close(process)
	}
	began := time.Now()
	reply, err := s.call(request.Shutdown{Now: s.now})
	if errors.Is(err, client.ErrEnded) {
		err = nil // it has done what was asked
	}
	if err != nil {
		return err
	}
	if s.noWait {
		if reply == nil {
			return nil
		}
		return printText(w, reply)
	}
	if err := s.await(w, c, process); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "supervise of %s, pid %d, has ended after %s\n", s.directory(), c.PID(), short(time.Since(began)))
	return err
}

// shutdownTold is how often the remaining services are printed.
const shutdownTold = 3 * time.Second

// await waits until the supervisor's process is gone.
func (s *shutdown) await(w io.Writer, c *client.Client, process int) error {
	var deadline time.Time
	if s.timeout > 0 {
		deadline = time.Now().Add(s.timeout)
	}
	for {
		wait := shutdownTold
		if !deadline.IsZero() {
			wait = max(0, min(wait, time.Until(deadline)))
		}
		fds := []unix.PollFd{{Fd: int32(process), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, int(wait/time.Millisecond)+1)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return fmt.Errorf("cannot wait for pid %d: poll: %w", c.PID(), err)
		case n > 0:
			return nil
		case !deadline.IsZero() && !time.Now().Before(deadline):
			return fmt.Errorf("the supervise of %s, pid %d, has not ended in %v; the shutdown goes on%s", s.directory(), c.PID(), s.timeout, remaining(c))
		default:
			if _, err := fmt.Fprintf(w, "the shutdown goes on%s\n", remaining(c)); err != nil {
				return err
			}
		}
	}
}

// remaining says what the shutdown waits for, "" if nobody answers any more.
func remaining(c *client.Client) string {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	reply, err := c.Call(ctx, request.Status{})
	if err != nil {
		return ""
	}
	text := ""
	for i := range reply.Services {
		if service := &reply.Services[i]; service.PID != 0 || service.Rung != 0 {
			text += "; " + brief(service)
		}
	}
	return text
}
