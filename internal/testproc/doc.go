// Package testproc lets a test binary run the processes that its tests need: senders,
// receivers, orphans, programs that ignore SIGTERM. A role runs in a process of its own: the
// test binary is executed again, as in os/exec's own tests.
//
//	func TestMain(m *testing.M) { testproc.Main(m) }
//
//	cmd := testproc.Command(t, "receive")
//	testproc.Start(t, cmd)
//
// A test that reaps, becomes subreaper, or must not be disturbed by other tests runs as a
// whole in a process, or a PID namespace, of its own:
//
//	func TestReap(t *testing.T) {
//	if !testproc.Alone(t, testproc.OwnProcess) {
//	return
//	}
//	...
//	}
//
// Every process that a test starts through this package is killed when the test ends or
// fails, with all descendants in its process group.
//
// Only tests may import it.
package testproc
