// Package attribution finds out who sent the signal that ended a main process. The kernel
// does not say: wait(2) has the number of the signal, and no sender.
//
// What the supervisor sends itself, or sends on for others, it can remember. Before it
// sends a signal it looks at what that can do to the process, and writes both down in the
// [Ledger] of the service. When the process has ended, Explain makes a [Verdict] of it:
//
//	effect := attribution.Predict(signal, state)  // of /proc/PID/status, before it is sent
//	ledger.Sent(signal, attribution.Sending{By: client, Effect: effect, At: now()})
//	...
//	verdict := ledger.Explain(exit, now())
//	fmt.Println(exit, verdict)                    // killed by SIGTERM from pid 812 (bash, uid 0)
//	ledger.Reset()                                // the next generation starts
//
// A SIGKILL that nobody is known to have sent may have come from the kernel's OOM killer:
// [OOM] looks for that in /dev/kmsg and in the kernel's counters. [OutcomeOf] says what a
// process did with a signal that it was sent, and [Names] what the sender of one is called.
//
// The package sends nothing, decides nothing and logs nothing. All but OOM and Comm is free of
// system calls and belongs to one goroutine, the supervisor's loop.
package attribution
