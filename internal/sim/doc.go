// Package sim is a fake kernel, full of badly behaved processes, that drives the loop of
// supervise run through random events and checks all the while that none of its promises is
// broken.
//
// Nothing of the loop is replaced but what is below it ([supervisor/kernel.Kernel]) and those
// who talk to it: clients, the status board and the logs. What the machine decides is carried
// out by the real loop, entered into the real journal, and told by the real calls and
// snapshots.
//
// Its processes exit at once, or never, are immortal, ignore SIGTERM, are stopped, leave workers
// behind that survive them, daemonise, fork in the face of SIGKILL, sleep where not
// even that reaches them, are killed by other processes, and have no room for one more
// queued signal. Executables vanish and come back, spawns, signals and looks at processes
// fail, pids are used again soon. Clients ask for everything, come by FIFO, are gone before
// anybody can tell who they were, or go away while they wait. Signals, rules that command and
// other configurations come at any time, and in the end there is a shutdown.
//
// A world is made from a seed, configuration included, and its time jumps from one
// occurrence to the next, so that a minute of it takes microseconds and the same seed
// gives the same world every time. The loop runs as a coroutine:
//
//	world                              loop
//	resume(signal, or none)        ->  Wait returns
//	Start, Signal, Deliver, Kill   <-  the machine's actions: checked, and done to processes
//	answers, events, the board     <-  checked against what the fake kernel knows
//	pass time until something      <-  Wait: the iteration is checked as a whole
//	happens, or the timeout is over
//
//	chaos:     for so many events, whatever happens next
//	calm:      no more trouble; everything that is to run must come to run
//	shutdown:  in the calm or amid the chaos; everything must end, and in time
//
// The promises are in the files check_*.go, one subject each:
//
//	machine      what it decides, and that a machine restored from what it saves decides the same
//	dispatch     each action is carried out once and in order, each result told; no timeout is missed
//	order        nobody starts before what it needs is there, nor stops before who needs it is gone;
//	             and nobody that may start, or must stop, rests
//	reports      each command that sends a signal is reported on exactly once
//	journal      every event, kill, delivery and command has its entry, in order, with who asked;
//	             followers get all of them once; an explanation goes back to what really began a state
//	attribution  who is said to have ended a process for sure has done so
//	calls        each client gets one last answer, in time, and what it says is true then
//	status       what is shown is what the machine and the fake kernel know
//	leaks        nothing is kept, and nobody left waiting, when the loop has ended
//
// In some worlds the journal is also written down, read and replayed. TestPlanted plants bugs
// in the loop and in the packages around it, to show that the promises are really held to.
//
// It is not a model of Linux: only what the loop sees counts, and nothing here is meant to be
// used outside of tests. That the adapters do what was decided is tested on real processes
// elsewhere.
package sim
