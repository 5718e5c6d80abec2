// Package sim is a fake kernel, full of badly behaved processes, that drives the
// state machine of supervise run through random events and checks after every step
// that none of its promises is broken.
//
// Its processes exit at once, or never, ignore SIGTERM, are stopped, leave workers
// behind that survive them, daemonise, fork in the face of SIGKILL, sleep where not
// even that reaches them, are killed by other processes, and have no room for one more
// queued signal. Executables vanish and come back, spawns fail for want of resources,
// commands, signals, rules that command and other configurations come at any time, and in
// the end there is a shutdown.
//
// A world is made from a seed, configuration included, and its time jumps from one
// occurrence to the next, so that a minute of it takes microseconds and the same seed
// gives the same world every time:
//
//	chaos:     for so many events, whatever happens next:
//	           a process ends, the machine's deadline passes, somebody else interferes
//	calm:      no more trouble; everything that is to run must come to run
//	shutdown:  in the calm or amid the chaos; everything must end, and in time
//
//	each event: Step both the machine and its twin, compare, check every action,
//	            carry it out on the fake processes, feed the results back;
//	            now and then, restore the twin from what the machine has saved
//
// It is not a model of Linux: only what the supervisor's loop reports to the machine
// counts, and nothing here is meant to be used outside of tests. It tests decisions;
// that the adapters do what was decided is tested on real processes elsewhere.
package sim
