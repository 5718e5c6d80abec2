// Package attribution finds out who sent the signal that ended a main process. The kernel
// does not say: wait(2) returns the number of the signal, but no sender.
//
// Signals that the supervisor sends, for itself or for others, it can remember. Before it
// sends one it predicts what that will do to the process, and records both in the [Ledger]
// of the service. When the process has ended, Explain returns a [Verdict]:
//
//	effect := attribution.Predict(signal, state)  // of /proc/PID/status, before it is sent
//	ledger.Sent(signal, attribution.Sending{By: client, Effect: effect, At: now()})
//	...
//	verdict := ledger.Explain(exit, now())
//	fmt.Println(exit, verdict)                    // killed by SIGTERM from pid 812 (bash, uid 0)
//	ledger.Reset()                                // the next generation starts
//
// A SIGKILL from an unknown sender may have come from the kernel's OOM killer: [OOM] looks
// for that in /dev/kmsg and in the kernel's counters. [OutcomeOf] says what a process did
// with a signal that it was sent, and [Names] remembers the names of senders. [Clients]
// finds out who is behind a client of the supervisor.
//
// The package sends nothing, decides nothing and logs nothing. Except for OOM, Clients and
// Comm it makes no system calls, and belongs to one goroutine, the supervisor's loop.
package attribution
