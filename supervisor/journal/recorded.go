package journal

import (
	"slices"
	"strconv"
	"time"

	"supervise/internal/text/escape"
	"supervise/signals/recorder"
	"supervise/supervisor/attribution"
	"supervise/supervisor/control/request"
)

// RecordedKind is the kind of an event that is about a recorded signal, and not in the journal: it
// has no number.
const RecordedKind = "recorded"

// WithRecorded adds the last signals to processes of a service to events about it, by their times,
// but none that the supervisor, whose pid is self, has sent, as of these the journal tells, and none
// from before the first event. A last one tells of those that could not be recorded.
func WithRecorded(events []request.Event, service string, seen []recorder.Seen, lost uint64, self int) []request.Event {
	if len(events) == 0 {
		return events
	}
	now, clock := time.Now(), recorder.Now()
	first := events[0].Time
	for i := range seen {
		s := &seen[i]
		at := now.Add(-time.Duration(clock - min(clock, s.Time)))
		if int(s.Sender.PID) == self && s.Cause().Meant() || at.Before(first) {
			continue
		}
		event := request.Event{Time: at, Service: service, Kind: RecordedKind, PID: int(s.Target), Text: escape.Line(recordedText(s))}
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
	if lost > 0 {
		events = append(events, request.Event{
			Time: now, Service: service, Kind: RecordedKind,
			Text: strconv.FormatUint(lost, 10) + " signals to processes of services were not recorded: they came too fast",
		})
	}
	return events
}

// recordedText is "SIGTERM to pid 813 (worker), from pid 812 (bash, uid 0): handled".
func recordedText(s *recorder.Seen) string {
	text := "recorded: "
	if s.Count > 1 {
		text += strconv.Itoa(s.Count) + " times "
	}
	text += s.Signal.Signal.String() + " to pid " + strconv.Itoa(int(s.Target)) + " (" + escape.Name(s.Name) + "), " +
		attribution.SightingOf(&s.Signal).String() + ": " + s.Fate().String()
	if s.Result == recorder.InfoLost {
		text += ", its siginfo lost"
	}
	return text
}
