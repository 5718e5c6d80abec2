package main_test

import (
	"syscall"
	"testing"
)

// TestFirstMoment has a service look, in its first moment, for all by which it can ask and
// command the supervise that starts it.
func TestFirstMoment(t *testing.T) {
	eachUser(t, func(t *testing.T, as setup) {
		s := start(t, entryBuild, `
[service.asks]
command = ["sh", "-c", "cd $DIR/runtime && test -p control && test -s msgq.json && test -s board.json && printf 'signal asks USR1\n' >control; exec sleep 1000"]
restart = { policy = "never" }
`, as)
		s.await("it has found all, and its command is heard", says("asks", "SIGUSR1"))
		s.stop(t, syscall.SIGTERM)
	})
}
