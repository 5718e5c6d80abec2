package machine

// cell is what happens in one state upon one event.
type cell struct {
	do   func(*Machine, *service)
	text string  // the same in words, for docs/states.md
	to   []State // all states that it may lead to, other than the present one
}

func to(states ...State) []State { return states }

// Cells that several states share.
var (
	cellNothing    = cell{(*Machine).nothing, "nothing", nil}
	cellLate       = cell{(*Machine).late, "noted as late", nil}
	cellImpossible = cell{(*Machine).impossible, "noted as impossible", nil}

	cellNoSuchService = cell{(*Machine).noSuch, "noted: there is no such service", nil}
	cellTakeSettings  = cell{(*Machine).respecified, "takes its new settings; is not removed, if that was remembered", nil}

	cellSpawn          = cell{(*Machine).startAsked, "spawns it, unless others are to be up first", to(Starting)}
	cellStartWhenGone  = cell{(*Machine).startAskedWhileClimbing, "remembered: starts when nothing is left", nil}
	cellStayDown       = cell{(*Machine).stopAskedLater, "remembered: does not start again", nil}
	cellCancelStart    = cell{(*Machine).stopAskedAtRest, "gives up the next start", to(Stopped)}
	cellRemove         = cell{(*Machine).stopAskedAtRest, "removes it", to(Removed)}
	cellRemoveWhenGone = cell{(*Machine).stopAskedLater, "remembered: removed when nothing is left", nil}
	cellCutLadder      = cell{(*Machine).killAskedWhileClimbing, "cuts the ladder to SIGKILL", nil}
	cellNextRung       = cell{(*Machine).rungTimedOut, "rung timed out: next rung, then SIGKILL every 5 s, the first once no core is being written", nil}
	cellSurveyOrRung   = cell{(*Machine).rungTimedOut, "asks once more what is left; or rung timed out: next rung, then SIGKILL every 5 s, the first once no core is being written", nil}
	cellBeginWhenGone  = cell{(*Machine).startAskedWhileClimbing, "remembered: starts when nothing is left; begins the ladder, if that has waited", nil}
	cellClearForGood   = cell{(*Machine).stopAskedLater, "remembered: does not start again; begins the ladder, if that has waited", nil}
	cellClearToRemove  = cell{(*Machine).stopAskedLater, "remembered: removed when nothing is left; begins the ladder, if that has waited", nil}

	cellHoldSignal    = cell{(*Machine).forwarded, "held for the leader to come", nil}
	cellDropSignal    = cell{(*Machine).forwarded, "dropped and noted", nil}
	cellDeliverSignal = cell{(*Machine).forwarded, "delivered to the leader, in order", nil}
	cellDeliverOrHold = cell{(*Machine).forwarded, "delivered to the leader; held if it is to start again", nil}
	cellHoldOrDrop    = cell{(*Machine).forwarded, "held if it is to start again; else dropped and noted", nil}
	cellSent          = cell{(*Machine).sent, "settles the delivery", nil}

	cellPostHeld        = cell{(*Machine).postAsked, "held for the leader to come; refused for a group or a tree", nil}
	cellPostDropped     = cell{(*Machine).postAsked, "dropped and noted; refused for a group or a tree", nil}
	cellPostDelivered   = cell{(*Machine).postAsked, "delivered to the leader, in order; sent to a group or a tree at once", nil}
	cellPostWhileStops  = cell{(*Machine).postAsked, "delivered to the leader; held if it is to start again; sent to a group or a tree at once", nil}
	cellPostWhileClears = cell{(*Machine).postAsked, "held if it is to start again, else dropped and noted; sent to a tree at once, refused for a group", nil}

	cellReload         = cell{(*Machine).reloadAsked, "asks what the signal would do", nil}
	cellPause          = cell{(*Machine).pauseAsked, "SIGSTOP for the tree", nil}
	cellContinue       = cell{(*Machine).continueAsked, "SIGCONT for the tree", nil}
	cellRefuseReload   = cell{(*Machine).reloadRefused, "refused: it does not run", nil}
	cellRefusePause    = cell{(*Machine).pauseRefused, "refused: it does not run", nil}
	cellRefuseContinue = cell{(*Machine).continueRefused, "refused: it does not run", nil}
	cellInspected      = cell{(*Machine).inspected, "reloads it as a posted signal does; refused if it would end", nil}
	cellSignalled      = cell{(*Machine).signalled, "answers the command", nil}

	cellDumpsSeen = cell{(*Machine).dumpsSeen, "SIGKILL for the tree; or waits, while a core is being written", nil}
	cellStopDone  = cell{(*Machine).stopAskedWhileDone, "down, once nobody that needs it is left", to(Stopped)}
	cellNotDue    = cell{(*Machine).notDue, "nothing; gives up a start that is due", nil}
	cellBeginDue  = cell{(*Machine).beginDue, "starts, if a command has said so: is spawned, or waits", to(Starting, Waiting)}

	cellRemnantEnded = cell{(*Machine).remnantEnded, "forgets the former leader, whose core was written", nil}
)

// table decides every pair of a state and an event. Its columns for Boot, Signal, Tick, Update,
// LoadFailed, Shutdown and ShutdownNow say what these mean for one service: Boot is only for
// enabled ones, Signal for those that forward it, Tick for the one whose deadline has passed,
// Update for those in the new configuration, LoadFailed for none. What the rule of a signal or
// an Update commands is decided in the column of that command. Some events are answered before
// they get here: those about an older generation; Boot, Start and Restart once a shutdown has
// begun; and Start and Restart of a service that is to be removed.
var table = [numStates][numEvents]cell{
	Stopped: {
		Boot:         cellSpawn,
		Start:        cellSpawn,
		Stop:         {(*Machine).stopAskedWhileStopped, "noted: it is there already", nil},
		Restart:      cellSpawn,
		Remove:       cellRemove,
		Reload:       cellRefuseReload,
		Pause:        cellRefusePause,
		Continue:     cellRefuseContinue,
		Post:         cellPostDropped,
		Signal:       cellDropSignal,
		Tick:         cellNothing,
		Update:       cellTakeSettings,
		LoadFailed:   cellNothing,
		Shutdown:     cellNotDue,
		ShutdownNow:  cellNotDue,
		Neighbour:    cellBeginDue,
		Spawned:      cellLate,
		SpawnFailed:  cellLate,
		Delayed:      cellLate,
		Exited:       cellLate,
		Emptied:      cellLate,
		DumpsSeen:    cellLate,
		RemnantEnded: cellRemnantEnded,
		Surveyed:     cellLate,
		Sent:         cellLate,
		Inspected:    cellLate,
		Signalled:    cellLate,
	},
	Waiting: {
		Boot:         cellNothing,
		Start:        {(*Machine).startAskedWhileStarting, "noted: it is there already; starts what it needs", nil},
		Stop:         cellCancelStart,
		Restart:      {(*Machine).startAskedWhileStarting, "noted: it is there already; starts what it needs", nil},
		Remove:       cellRemove,
		Reload:       cellRefuseReload,
		Pause:        cellRefusePause,
		Continue:     cellRefuseContinue,
		Post:         cellPostHeld,
		Signal:       cellHoldSignal,
		Tick:         cellNothing,
		Update:       cellTakeSettings,
		LoadFailed:   cellNothing,
		Shutdown:     cellCancelStart,
		ShutdownNow:  cellCancelStart,
		Neighbour:    {(*Machine).waitOver, "spawns it, if all that it waits for has come", to(Starting)},
		Spawned:      cellLate,
		SpawnFailed:  cellLate,
		Delayed:      cellLate,
		Exited:       cellLate,
		Emptied:      cellLate,
		DumpsSeen:    cellLate,
		RemnantEnded: cellRemnantEnded,
		Surveyed:     cellLate,
		Sent:         cellLate,
		Inspected:    cellLate,
		Signalled:    cellLate,
	},
	Starting: {
		Boot:         cellNothing,
		Start:        {(*Machine).startAskedWhileStarting, "remembered: it is to stay up", nil},
		Stop:         {(*Machine).stopAskedWhileStarting, "remembered: stops once it is spawned; given up if that takes long", nil},
		Restart:      {(*Machine).startAskedWhileStarting, "remembered: it is to stay up", nil},
		Remove:       {(*Machine).stopAskedWhileStarting, "remembered: stops once it is spawned, to be removed; given up if that takes long", nil},
		Reload:       cellRefuseReload,
		Pause:        cellRefusePause,
		Continue:     cellRefuseContinue,
		Post:         cellPostHeld,
		Signal:       cellHoldSignal,
		Tick:         cellNothing,
		Update:       cellTakeSettings,
		LoadFailed:   cellNothing,
		Shutdown:     {(*Machine).stopAskedWhileStarting, "remembered: stops once it is spawned; given up if that takes long", nil},
		ShutdownNow:  {(*Machine).stopAskedWhileStarting, "remembered: killed once it is spawned; given up if that takes long", nil},
		Neighbour:    cellNothing,
		Spawned:      {(*Machine).spawned, "runs; or stops, if that was remembered and nobody needs it", to(Running, Stopping)},
		SpawnFailed:  {(*Machine).spawnFailed, "tries again later, gives up, or stays down if that was remembered", to(Backoff, Failed, Stopped, Removed)},
		Delayed:      {(*Machine).delayed, "told; given up if it is to stop", nil},
		Exited:       cellImpossible,
		Emptied:      cellImpossible,
		DumpsSeen:    cellImpossible,
		RemnantEnded: cellRemnantEnded,
		Surveyed:     cellImpossible,
		Sent:         cellImpossible,
		Inspected:    cellImpossible,
		Signalled:    cellImpossible,
	},
	Running: {
		Boot:         cellNothing,
		Start:        {(*Machine).startAskedWhileRunning, "noted: it is there already; remembered if it is to end for the last time, or no longer is", nil},
		Stop:         {(*Machine).stopAsked, "begins the ladder", to(Stopping)},
		Restart:      {(*Machine).restartAsked, "begins the ladder, to start again", to(Stopping)},
		Remove:       {(*Machine).stopAsked, "begins the ladder, to be removed", to(Stopping)},
		Reload:       cellReload,
		Pause:        cellPause,
		Continue:     cellContinue,
		Post:         cellPostDelivered,
		Signal:       cellDeliverSignal,
		Tick:         cellNothing,
		Update:       cellTakeSettings,
		LoadFailed:   cellNothing,
		Shutdown:     {(*Machine).stopAsked, "begins the ladder", to(Stopping)},
		ShutdownNow:  {(*Machine).killAsked, "SIGKILL for the tree", to(Stopping)},
		Neighbour:    {(*Machine).yield, "begins the ladder, if it is to go, or to be restarted, and nobody that needs it is left", to(Stopping)},
		Spawned:      cellImpossible,
		SpawnFailed:  cellImpossible,
		Delayed:      cellLate,
		Exited:       {(*Machine).exitedUnasked, "judged by the policy; first clears survivors away", to(Clearing, Starting, Waiting, Backoff, Stopped, Done, Failed, Removed)},
		Emptied:      cellImpossible,
		DumpsSeen:    cellImpossible,
		RemnantEnded: cellRemnantEnded,
		Surveyed:     cellLate,
		Sent:         cellSent,
		Inspected:    cellInspected,
		Signalled:    cellSignalled,
	},
	Done: {
		Boot:         cellNothing,
		Start:        {(*Machine).startAskedWhileDone, "noted: it is there already; stays up, if it was to go", nil},
		Stop:         cellStopDone,
		Restart:      {(*Machine).restartAskedWhileDone, "spawns it again, once nobody that needs it is left", to(Starting)},
		Remove:       {(*Machine).stopAskedWhileDone, "removes it, once nobody that needs it is left", to(Removed)},
		Reload:       cellRefuseReload,
		Pause:        cellRefusePause,
		Continue:     cellRefuseContinue,
		Post:         cellPostDropped,
		Signal:       cellDropSignal,
		Tick:         cellNothing,
		Update:       cellTakeSettings,
		LoadFailed:   cellNothing,
		Shutdown:     cellStopDone,
		ShutdownNow:  cellStopDone,
		Neighbour:    {(*Machine).yieldDone, "is down, or starts again, if it is to and nobody that needs it is left", to(Stopped, Starting, Waiting, Removed)},
		Spawned:      cellLate,
		SpawnFailed:  cellLate,
		Delayed:      cellLate,
		Exited:       cellLate,
		Emptied:      cellLate,
		DumpsSeen:    cellLate,
		RemnantEnded: cellRemnantEnded,
		Surveyed:     cellLate,
		Sent:         cellLate,
		Inspected:    cellLate,
		Signalled:    cellLate,
	},
	Stopping: {
		Boot:         cellNothing,
		Start:        cellStartWhenGone,
		Stop:         cellStayDown,
		Restart:      cellStartWhenGone,
		Remove:       cellRemoveWhenGone,
		Reload:       cellReload,
		Pause:        cellPause,
		Continue:     cellContinue,
		Post:         cellPostWhileStops,
		Signal:       cellDeliverOrHold,
		Tick:         cellNextRung,
		Update:       cellTakeSettings,
		LoadFailed:   cellNothing,
		Shutdown:     cellStayDown,
		ShutdownNow:  cellCutLadder,
		Neighbour:    cellNothing,
		Spawned:      cellImpossible,
		SpawnFailed:  cellImpossible,
		Delayed:      cellLate,
		Exited:       {(*Machine).exitedWhileStopping, "down, or started again if that is wanted; first clears survivors away", to(Clearing, Stopped, Starting, Waiting, Removed)},
		Emptied:      cellImpossible,
		DumpsSeen:    cellDumpsSeen,
		RemnantEnded: cellRemnantEnded,
		Surveyed:     cellLate,
		Sent:         cellSent,
		Inspected:    cellInspected,
		Signalled:    cellSignalled,
	},
	Clearing: {
		Boot:         cellNothing,
		Start:        cellBeginWhenGone,
		Stop:         cellClearForGood,
		Restart:      cellBeginWhenGone,
		Remove:       cellClearToRemove,
		Reload:       cellRefuseReload,
		Pause:        cellRefusePause,
		Continue:     cellRefuseContinue,
		Post:         cellPostWhileClears,
		Signal:       cellHoldOrDrop,
		Tick:         cellSurveyOrRung,
		Update:       cellTakeSettings,
		LoadFailed:   cellNothing,
		Shutdown:     cellClearForGood,
		ShutdownNow:  cellCutLadder,
		Neighbour:    cellNothing,
		Spawned:      cellLate,
		SpawnFailed:  cellLate,
		Delayed:      cellLate,
		Exited:       cellLate,
		Emptied:      {(*Machine).gone, "down, started again if that is wanted, or judged by the policy", to(Stopped, Starting, Waiting, Backoff, Done, Failed, Removed)},
		DumpsSeen:    cellDumpsSeen,
		RemnantEnded: cellRemnantEnded,
		Surveyed:     {(*Machine).surveyed, "runs on under the leader that was handed over to; else goes on to wait, or begins the ladder; noted as late if that has begun", to(Running)},
		Sent:         cellLate,
		Inspected:    cellLate,
		Signalled:    {(*Machine).signalledWhileClearing, "answers the command, if it was for the tree; else noted as late", nil},
	},
	Backoff: {
		Boot:         cellNothing,
		Start:        cellSpawn,
		Stop:         cellCancelStart,
		Restart:      cellSpawn,
		Remove:       cellRemove,
		Reload:       cellRefuseReload,
		Pause:        cellRefusePause,
		Continue:     cellRefuseContinue,
		Post:         cellPostHeld,
		Signal:       cellHoldSignal,
		Tick:         {(*Machine).backoffOver, "spawns it; or waits, if others are to be up first", to(Starting, Waiting)},
		Update:       cellTakeSettings,
		LoadFailed:   cellNothing,
		Shutdown:     cellCancelStart,
		ShutdownNow:  cellCancelStart,
		Neighbour:    cellBeginDue,
		Spawned:      cellLate,
		SpawnFailed:  cellLate,
		Delayed:      cellLate,
		Exited:       cellLate,
		Emptied:      cellLate,
		DumpsSeen:    cellLate,
		RemnantEnded: cellRemnantEnded,
		Surveyed:     cellLate,
		Sent:         cellLate,
		Inspected:    cellLate,
		Signalled:    cellLate,
	},
	Failed: {
		Boot:         cellNothing,
		Start:        cellSpawn,
		Stop:         {(*Machine).stopAskedAtRest, "forgets the failure", to(Stopped)},
		Restart:      cellSpawn,
		Remove:       cellRemove,
		Reload:       cellRefuseReload,
		Pause:        cellRefusePause,
		Continue:     cellRefuseContinue,
		Post:         cellPostDropped,
		Signal:       cellDropSignal,
		Tick:         cellNothing,
		Update:       cellTakeSettings,
		LoadFailed:   cellNothing,
		Shutdown:     cellNotDue,
		ShutdownNow:  cellNotDue,
		Neighbour:    cellBeginDue,
		Spawned:      cellLate,
		SpawnFailed:  cellLate,
		Delayed:      cellLate,
		Exited:       cellLate,
		Emptied:      cellLate,
		DumpsSeen:    cellLate,
		RemnantEnded: cellRemnantEnded,
		Surveyed:     cellLate,
		Sent:         cellLate,
		Inspected:    cellLate,
		Signalled:    cellLate,
	},
	Removed: {
		Boot:         cellNothing,
		Start:        cellNoSuchService,
		Stop:         cellNoSuchService,
		Restart:      cellNoSuchService,
		Remove:       cellNoSuchService,
		Reload:       cellNoSuchService,
		Pause:        cellNoSuchService,
		Continue:     cellNoSuchService,
		Post:         cellNoSuchService,
		Signal:       cellNothing,
		Tick:         cellNothing,
		Update:       cellNothing,
		LoadFailed:   cellNothing,
		Shutdown:     cellNothing,
		ShutdownNow:  cellNothing,
		Neighbour:    cellNothing,
		Spawned:      cellNoSuchService,
		SpawnFailed:  cellNoSuchService,
		Delayed:      cellNoSuchService,
		Exited:       cellNoSuchService,
		Emptied:      cellNoSuchService,
		DumpsSeen:    cellNoSuchService,
		RemnantEnded: cellRemnantEnded,
		Surveyed:     cellNoSuchService,
		Sent:         cellNoSuchService,
		Inspected:    cellNoSuchService,
		Signalled:    cellNoSuchService,
	},
}
