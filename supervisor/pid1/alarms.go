package pid1

import (
	"supervise/internal/sys"
	"supervise/signals/intake"
)

// alarm names a deadline.
type alarm uint8

const (
	alarmRetry  alarm = iota // offer a waiting real-time signal again
	alarmDrain               // forward the delayed stop signal
	alarmKill                // the command has not ended in time
	alarmGrace               // its descendants have not ended in time
	alarmGiveUp              // not even SIGKILL has ended them
	alarmScan                // look for zombies of other parents again
	alarmTidy                // give back the pages that only the start needed
	alarmCount
)

// Units of durations, in nanoseconds.
const (
	millisecond int64 = 1_000_000
	second            = 1000 * millisecond
)

// alarms holds the deadlines, in nanoseconds of CLOCK_MONOTONIC, 0 for none. While none is
// set nothing reads the clock.
type alarms struct {
	at  [alarmCount]int64
	set int
}

func (a *alarms) armed() bool { return a.set > 0 }

// in sets an alarm, in place of its previous time.
func (a *alarms) in(which alarm, after int64) {
	a.clear(which)
	a.at[which] = sys.Now() + after
	a.set++
}

func (a *alarms) clear(which alarm) {
	if a.at[which] != 0 {
		a.at[which] = 0
		a.set--
	}
}

// pending reports whether an alarm is set.
func (a *alarms) pending(which alarm) bool { return a.at[which] != 0 }

// due reports whether an alarm's time has come, and clears it.
func (a *alarms) due(which alarm, now int64) bool {
	if a.at[which] == 0 || a.at[which] > now {
		return false
	}
	a.clear(which)
	return true
}

// timeout returns how long to wait for the next alarm.
func (a *alarms) timeout() int64 {
	if a.set == 0 {
		return intake.Forever
	}
	next := int64(0)
	for _, at := range a.at {
		if at != 0 && (next == 0 || at < next) {
			next = at
		}
	}
	return max(next-sys.Now(), 0)
}
