// Package testproc lets a test binary play the processes that its tests need: senders,
// receivers, orphans, programs that ignore SIGTERM. A role is run in a process of its own
// by executing the test binary again, as os/exec's own tests do.
//
//	func TestMain(m *testing.M) { testproc.Main(m) }
//
//	cmd := testproc.Command(t, "receive")
//	testproc.Start(t, cmd)
//
// A test that reaps, becomes subreaper, or must not be disturbed by its neighbours runs
// as a whole in a process, or a PID namespace, of its own:
//
//	func TestReap(t *testing.T) {
//		if !testproc.Alone(t, testproc.OwnProcess) {
//			return
//		}
//		...
//	}
//
// Every process that a test starts through this package is killed, with all that
// descends from it in its process group, when the test ends, also when it fails.
//
// Nothing but tests may import it.
package testproc
