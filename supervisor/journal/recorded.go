package journal

import (
	"slices"
	"strconv"
	"time"

	"supervise/internal/text/escape"
	"supervise/signals"
	"supervise/signals/recorder"
	"supervise/supervisor/attribution"
	"supervise/supervisor/control/request"
)

// RecordedKind is the kind of an event that is about a recorded signal, and not in the journal: it
// has no number.
const RecordedKind = "recorded"

// beforehand is how long before the first event signals are of interest: it may be the end that one
// of them led to.
const beforehand = time.Minute

// RecordedOptions are what is known beside the signals.
type RecordedOptions struct {
	Now     time.Duration // since the supervisor began, as the times of the signals
	Lost    uint64        // how many were not recorded
	Self    int           // pid of the supervisor
	Main    int           // pid of the main process, 0 for none
	Pending signals.Set   // for it, now
}

// WithRecorded adds the last signals to processes of a service to events about it, by their times,
// but none that the supervisor has sent, as of these the journal tells, and none
// from long before the first event. A last one tells of those that could not be recorded.
func (j *Journal) WithRecorded(events []request.Event, service string, seen []recorder.Seen, o RecordedOptions) []request.Event {
	if len(events) == 0 {
		return events
	}
	first := events[0].Time.Add(-beforehand)
	for i := range seen {
		s := &seen[i]
		at := j.began.Add(time.Duration(s.Time))
		if int(s.Sender.PID) == o.Self && s.Cause().Meant() || at.Before(first) {
			continue
		}
		fate := s.Fate().String()
		if int(s.Target) == o.Main {
			fate = fateNow(s, o.Pending.Has(s.Signal.Signal))
		}
		event := request.Event{Time: at, Service: service, Kind: RecordedKind, PID: int(s.Target), Text: escape.Line(recordedText(s, fate))}
		if s.Cause().Meant() {
			event.By = process(attribution.Sender(&s.Signal))
		}
		place, _ := slices.BinarySearchFunc(events, at, func(e request.Event, at time.Time) int {
			if e.Time.After(at) {
				return 1
			}
			return -1
		})
		events = slices.Insert(events, place, event)
	}
	if o.Lost > 0 {
		events = append(events, request.Event{
			Time: j.began.Add(o.Now), Service: service, Kind: RecordedKind,
			Text: strconv.FormatUint(o.Lost, 10) + " signals to processes of services were not recorded: they came too fast",
		})
	}
	return events
}

// fateNow is what has become of a signal to a process that lives.
func fateNow(s *recorder.Seen, pending bool) string {
	fate := s.Fate()
	switch {
	case pending && (fate == recorder.Handled || fate == recorder.Ends):
		return "still pending: it does not run (stopped, or its cgroup is frozen)"
	case pending || fate != recorder.Waits:
		return fate.String()
	case s.Handler == 1:
		return "blocked for a moment, then " + recorder.IgnoredByIt.String()
	default:
		return "blocked for a moment, then taken"
	}
}

// recordedText is "recorded: SIGTERM to pid 813 (worker), from pid 812 (bash, uid 0): handled".
func recordedText(s *recorder.Seen, fate string) string {
	text := "recorded: "
	if s.Count > 1 {
		text += strconv.Itoa(s.Count) + " times "
	}
	text += s.Signal.Signal.String() + " to pid " + strconv.Itoa(int(s.Target)) + " (" + escape.Name(s.Name) + "), " +
		attribution.SightingOf(&s.Signal).String() + ": " + fate
	if s.Result == recorder.InfoLost {
		text += ", its siginfo lost"
	}
	return text
}
