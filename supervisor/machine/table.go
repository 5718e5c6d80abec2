package machine

// cell is what happens in one state upon one event.
type cell struct {
	do   func(*Machine, *service)
	text string  // the same in words, for docs/states.md
	to   []State // every state that it may lead to, besides staying
}

func to(states ...State) []State { return states }

// The cells that many states share.
var (
	cellNothing    = cell{(*Machine).nothing, "nothing", nil}
	cellAlready    = cell{(*Machine).already, "noted: it is there already", nil}
	cellLate       = cell{(*Machine).late, "noted as late", nil}
	cellImpossible = cell{(*Machine).impossible, "noted as impossible", nil}
	cellStart      = cell{(*Machine).startAsked, "spawns it", to(Starting)}
	cellStartLater = cell{(*Machine).startAskedWhileClimbing, "remembered: starts when nothing is left", nil}
	cellStopLater  = cell{(*Machine).stopAskedLater, "remembered: does not start again", nil}
	cellRest       = cell{(*Machine).stopAskedAtRest, "gives up the next start", to(Stopped)}
	cellCut        = cell{(*Machine).killAskedWhileClimbing, "cuts the ladder to SIGKILL", nil}
	cellTimeOut    = cell{(*Machine).rungTimedOut, "rung timed out: next rung, then SIGKILL every 5 s", nil}
	cellHold       = cell{(*Machine).signalArrived, "held for the leader to come", nil}
	cellNobody     = cell{(*Machine).signalForNobody, "dropped and noted", nil}
	cellDeliver    = cell{(*Machine).signalArrived, "delivered to the leader, in order", nil}
	cellFarewell   = cell{(*Machine).signalArrivedWhileClimbing, "delivered to the leader; held if it is to start again", nil}
	cellHoldOrDrop = cell{(*Machine).signalArrivedWhileClimbing, "held if it is to start again; else dropped and noted", nil}
	cellRemove     = cell{(*Machine).stopAskedAtRest, "removes it", to(Removed)}
	cellRemoveSoon = cell{(*Machine).stopAskedLater, "remembered: removed when nothing is left", nil}
	cellUpdate     = cell{(*Machine).respecified, "takes its new settings; is not removed, if that was remembered", nil}
	cellNoSuch     = cell{(*Machine).noSuch, "noted: there is no such service", nil}
	cellSent       = cell{(*Machine).sent, "settles the delivery", nil}
)

// table decides every pair. Its columns for Boot, Signal, Tick, Update, Shutdown and
// ShutdownNow say what these mean for one service: Boot is only for enabled ones,
// Signal for those that forward it, Tick for the one whose deadline has passed, Update
// for those that the new configuration has. What comes about a generation other than
// the last, Boot, Start and Restart once a shutdown has begun, and Start and Restart of
// what is to be removed, is answered before it gets here.
var table = [numStates][numEvents]cell{
	Stopped: {
		Boot:        cellStart,
		Start:       cellStart,
		Stop:        cellAlready,
		Restart:     cellStart,
		Remove:      cellRemove,
		Post:        cellNobody,
		Signal:      cellNobody,
		Tick:        cellNothing,
		Update:      cellUpdate,
		Shutdown:    cellNothing,
		ShutdownNow: cellNothing,
		Spawned:     cellLate,
		SpawnFailed: cellLate,
		Exited:      cellLate,
		Emptied:     cellLate,
		Sent:        cellLate,
	},
	Starting: {
		Boot:        cellNothing,
		Start:       {(*Machine).startAskedWhileStarting, "remembered: it is to stay up", nil},
		Stop:        {(*Machine).stopAskedLater, "remembered: stops once it is spawned", nil},
		Restart:     {(*Machine).startAskedWhileStarting, "remembered: it is to stay up", nil},
		Remove:      {(*Machine).stopAskedLater, "remembered: stops once it is spawned, to be removed", nil},
		Post:        cellHold,
		Signal:      cellHold,
		Tick:        cellNothing,
		Update:      cellUpdate,
		Shutdown:    {(*Machine).stopAskedLater, "remembered: stops once it is spawned", nil},
		ShutdownNow: {(*Machine).stopAskedLater, "remembered: killed once it is spawned", nil},
		Spawned:     {(*Machine).spawned, "runs; or stops, if that was remembered", to(Running, Stopping)},
		SpawnFailed: {(*Machine).spawnFailed, "tries again later, gives up, or stays down if that was remembered", to(Backoff, Failed, Stopped, Removed)},
		Exited:      cellImpossible,
		Emptied:     cellImpossible,
		Sent:        cellImpossible,
	},
	Running: {
		Boot:        cellNothing,
		Start:       {(*Machine).startAskedWhileRunning, "noted: it is there already; remembered if it is to end for the last time, or no longer is", nil},
		Stop:        {(*Machine).stopAsked, "begins the ladder", to(Stopping)},
		Restart:     {(*Machine).restartAsked, "begins the ladder, to start again", to(Stopping)},
		Remove:      {(*Machine).stopAsked, "begins the ladder, to be removed", to(Stopping)},
		Post:        cellDeliver,
		Signal:      cellDeliver,
		Tick:        cellNothing,
		Update:      cellUpdate,
		Shutdown:    {(*Machine).stopAsked, "begins the ladder", to(Stopping)},
		ShutdownNow: {(*Machine).killAsked, "SIGKILL for the tree", to(Stopping)},
		Spawned:     cellImpossible,
		SpawnFailed: cellImpossible,
		Exited:      {(*Machine).exitedUnasked, "judged by the policy; first clears survivors away", to(Clearing, Starting, Backoff, Stopped, Failed)},
		Emptied:     cellImpossible,
		Sent:        cellSent,
	},
	Stopping: {
		Boot:        cellNothing,
		Start:       cellStartLater,
		Stop:        cellStopLater,
		Restart:     cellStartLater,
		Remove:      cellRemoveSoon,
		Post:        cellFarewell,
		Signal:      cellFarewell,
		Tick:        cellTimeOut,
		Update:      cellUpdate,
		Shutdown:    cellStopLater,
		ShutdownNow: cellCut,
		Spawned:     cellImpossible,
		SpawnFailed: cellImpossible,
		Exited:      {(*Machine).exitedWhileStopping, "down, or started again if that is wanted; first clears survivors away", to(Clearing, Stopped, Starting, Removed)},
		Emptied:     cellImpossible,
		Sent:        cellSent,
	},
	Clearing: {
		Boot:        cellNothing,
		Start:       cellStartLater,
		Stop:        cellStopLater,
		Restart:     cellStartLater,
		Remove:      cellRemoveSoon,
		Post:        cellHoldOrDrop,
		Signal:      cellHoldOrDrop,
		Tick:        cellTimeOut,
		Update:      cellUpdate,
		Shutdown:    cellStopLater,
		ShutdownNow: cellCut,
		Spawned:     cellLate,
		SpawnFailed: cellLate,
		Exited:      cellLate,
		Emptied:     {(*Machine).gone, "down, started again if that is wanted, or judged by the policy", to(Stopped, Starting, Backoff, Failed, Removed)},
		Sent:        cellLate,
	},
	Backoff: {
		Boot:        cellNothing,
		Start:       cellStart,
		Stop:        cellRest,
		Restart:     cellStart,
		Remove:      cellRemove,
		Post:        cellHold,
		Signal:      cellHold,
		Tick:        {(*Machine).backoffOver, "spawns it", to(Starting)},
		Update:      cellUpdate,
		Shutdown:    cellRest,
		ShutdownNow: cellRest,
		Spawned:     cellLate,
		SpawnFailed: cellLate,
		Exited:      cellLate,
		Emptied:     cellLate,
		Sent:        cellLate,
	},
	Failed: {
		Boot:        cellNothing,
		Start:       cellStart,
		Stop:        {(*Machine).stopAskedAtRest, "forgets the failure", to(Stopped)},
		Restart:     cellStart,
		Remove:      cellRemove,
		Post:        cellNobody,
		Signal:      cellNobody,
		Tick:        cellNothing,
		Update:      cellUpdate,
		Shutdown:    cellNothing,
		ShutdownNow: cellNothing,
		Spawned:     cellLate,
		SpawnFailed: cellLate,
		Exited:      cellLate,
		Emptied:     cellLate,
		Sent:        cellLate,
	},
	Removed: {
		Boot:        cellNothing,
		Start:       cellNoSuch,
		Stop:        cellNoSuch,
		Restart:     cellNoSuch,
		Remove:      cellNoSuch,
		Post:        cellNoSuch,
		Signal:      cellNothing,
		Tick:        cellNothing,
		Update:      cellNothing,
		Shutdown:    cellNothing,
		ShutdownNow: cellNothing,
		Spawned:     cellNoSuch,
		SpawnFailed: cellNoSuch,
		Exited:      cellNoSuch,
		Emptied:     cellNoSuch,
		Sent:        cellNoSuch,
	},
}
