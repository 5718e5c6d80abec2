package main_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"supervise/signals"
)

// receiverConfig is a service that prints every signal it gets. What is sent to it before
// it takes signals is pending then.
const receiverConfig = `
[service.receiver]
environment.SUPERVISE_TEST_ROLE = "receive"
signals.block = ["SIGHUP", "SIGUSR1", "SIGUSR2", "SIGRTMIN+1", "SIGRTMIN+2", "SIGRTMAX"]
restart.delay = "10ms"
stop.timeout = "10ms" # it does not end of signals
`

// queue sends supervise a signal with a value, as this process.
func (s *supervised) queue(t *testing.T, number signals.Signal, value uint64) {
	t.Helper()
	(&receiver{init: s.cmd}).queue(t, number, value)
}

// fromUs is what a receiver prints of a signal that this process has queued or sent.
func fromUs(number signals.Signal, value uint64) string {
	return fmt.Sprint(int(number), " ", int(signals.CodeQueue), " ", os.Getpid(), " ", os.Getuid(), " ", value)
}

// TestRunForward sends supervise signals that are to be passed on, some as others: sender
// and value stay.
func TestRunForward(t *testing.T) {
	eachUser(t, func(t *testing.T, as setup) {
		eachBuild(t, func(t *testing.T, program string) {
			s := start(t, program, receiverConfig+`command = "$HELPER"
signals.forward = { SIGHUP = "SIGUSR1", SIGUSR2 = "SIGUSR2", "SIGRTMIN+1" = "SIGRTMIN+2", SIGRTMAX = "SIGRTMAX" }
`, as)
			s.await("the receiver is ready", wrote("receiver", "ready"))
			s.signal(t, syscall.SIGHUP)
			s.await("SIGHUP as SIGUSR1", wrote("receiver", fromUs(signals.SIGUSR1, 0)))
			l := s.await("the translation", says("receiver", "becomes SIGUSR1"))
			if sender := fmt.Sprintf("pid %d (uid %d)", os.Getpid(), os.Getuid()); l.Signal != "SIGHUP" || l.From != sender || l.Sender == "" {
				t.Errorf("the line says %s", l.raw)
			}
			s.queue(t, signals.SIGUSR2, 1<<40|7)
			s.await("SIGUSR2 with its value", wrote("receiver", fromUs(signals.SIGUSR2, 1<<40|7)))
			s.queue(t, signals.SIGRTMIN+1, 1<<63)
			s.await("SIGRTMIN+1 as SIGRTMIN+2", wrote("receiver", fromUs(signals.SIGRTMIN+2, 1<<63)))
			// Nobody wants this one.
			s.signal(t, syscall.SIGUSR1)
			if l := s.await("the signal without a rule", says("", "no rule and no service for SIGUSR1")); l.From == "" {
				t.Errorf("the line says %s", l.raw)
			}
			s.stop(t, syscall.SIGTERM)
		})
	})
}

// TestRunRules has [signals] turn everything around.
func TestRunRules(t *testing.T) {
	t.Parallel()
	const rules = `
[signals]
SIGTERM = "ignore"
SIGINT = "forward"
SIGUSR1 = "shutdown"
SIGUSR2 = "shutdown-now"
`
	s := start(t, entryBuild, rules+familyConfig+`command = "$HELPER"
signals.forward = { SIGINT = "SIGHUP" }
stop.timeout = "100s"
`)
	s.awaitFamily()
	s.signal(t, syscall.SIGTERM)
	s.await("SIGTERM is ignored", says("", "ignores SIGTERM"))
	s.signal(t, syscall.SIGINT)
	s.await("SIGINT as SIGHUP", wrote("family", "main hangup"))
	s.signal(t, syscall.SIGUSR1)
	s.await("a shutdown", says("", "shutdown by SIGUSR1"))
	s.await("SIGTERM for it", says("family", "sent SIGTERM"))
	s.stop(t, syscall.SIGUSR2)
}

// TestRunQueue sends real-time signals as fast as sigqueue goes to a service that may have
// ten pending: all arrive, in order. The kernel counts what is pending for all processes of
// a user, so that those that wait for supervise are counted, too.
func TestRunQueue(t *testing.T) {
	uid, root := ownUser()
	for name, c := range map[string]struct {
		user string // of the service
		as   setup
	}{
		"root": {fmt.Sprintf("user = \"%d\"\n", uid), func(*supervised) {}},
		"user": {"", func(s *supervised) {
			if root {
				s.cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uid, Gid: uid}
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "root" {
				needRoot(t)
			}
			testRunQueue(t, c.user, c.as)
		})
	}
}

func testRunQueue(t *testing.T, user string, as setup) {
	t.Helper()
	s := start(t, entryBuild, receiverConfig+user+`command = ["$HELPER", "10"]
signals.forward = { "SIGRTMIN+1" = "SIGRTMIN+1", "SIGRTMIN+2" = "SIGRTMIN+2", SIGRTMAX = "SIGRTMAX" }
`, as)
	s.await("the receiver is ready", wrote("receiver", "ready"))
	const each = 2500
	var want []string
	for _, number := range []signals.Signal{signals.SIGRTMIN + 1, signals.SIGRTMIN + 2} {
		for i := range each {
			want = append(want, fromUs(number, uint64(i+1)))
		}
	}
	for i := range each {
		s.queue(t, signals.SIGRTMIN+1, uint64(i+1))
		s.queue(t, signals.SIGRTMIN+2, uint64(i+1))
	}
	last := wrote("receiver", want[each-1])
	s.await("the last of the first number", last)
	s.rewind()
	s.await("the last of the second number", wrote("receiver", want[2*each-1]))
	got := written(s.stop(t, syscall.SIGTERM), "receiver")
	got = slices.DeleteFunc(got, func(text string) bool { return !strings.HasPrefix(text, "3") }) // SIGTERM
	slices.SortStableFunc(got, func(a, b string) int { return strings.Compare(a[:2], b[:2]) })
	if !slices.Equal(got, want) {
		t.Errorf("%d of %d arrived, or not in order", len(got), len(want))
	}
}

// TestRunQueueFull sends eight signals to a service that is about to be started again, for
// which five may wait.
func TestRunQueueFull(t *testing.T) {
	for when, values := range map[string][]uint64{
		"wait": {1, 2, 3, 4, 5, 6, 7, 8}, "drop-oldest": {4, 5, 6, 7, 8}, "drop-newest": {1, 2, 3, 4, 5},
	} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			s := start(t, entryBuild, strings.Replace(receiverConfig, "10ms", "2s", 1)+`
command = ["sh", "-c", 'if [ -e $DIR/second ]; then exec $HELPER; fi; >$DIR/second; exit 1']
signals.queue = { limit = 5, when-full = "`+when+`" }
signals.forward = { "SIGRTMIN+1" = "SIGRTMIN+1" }
`)
			s.await("it waits to be started again", says("receiver", "restarts in"))
			for i := range uint64(8) {
				s.queue(t, signals.SIGRTMIN+1, i+1)
			}
			s.await("the receiver is ready", wrote("receiver", "ready"))
			for _, value := range values {
				s.await(fmt.Sprint("the signal ", value), wrote("receiver", fromUs(signals.SIGRTMIN+1, value)))
			}
			lines := s.stop(t, syscall.SIGTERM)
			dropped := count(lines, func(l line) bool {
				return strings.HasPrefix(l.Message, "lost SIGRTMIN+1") && strings.HasSuffix(l.Message, "its queue is full")
			})
			if dropped != 8-len(values) {
				t.Errorf("%d were reported as lost, want %d", dropped, 8-len(values))
			}
			got := written(lines, "receiver")
			n := count(lines, func(l line) bool { return strings.HasPrefix(l.Line, "35 ") })
			if n != len(values) {
				t.Errorf("%d arrived, want %d: %q", n, len(values), got)
			}
		})
	}
}

// TestRunUpdateSender reads the file again on a SIGHUP, and says whose it was also where
// nothing has changed.
func TestRunUpdateSender(t *testing.T) {
	s := start(t, entryBuild, receiverConfig+"command = \"$HELPER\"\n")
	s.await("the receiver is ready", wrote("receiver", "ready"))
	s.signal(t, syscall.SIGHUP)
	l := s.await("the update", says("", "reads the configuration"))
	if sender := fmt.Sprintf("SIGHUP from pid %d", os.Getpid()); !strings.Contains(l.raw, sender) {
		t.Errorf("the line says %s, not %s", l.raw, sender)
	}
	s.await("the end of it", says("", "is in force"))
	s.stop(t, syscall.SIGTERM)
}
