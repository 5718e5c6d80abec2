package journal

import (
	"strings"
	"testing"
	"time"

	"supervise/signals"
	"supervise/signals/recorder"
	"supervise/supervisor/control/request"
)

// TestWithRecorded puts signals among events, by their times.
func TestWithRecorded(t *testing.T) {
	began := time.Now()
	j := New(1, began, nil)
	const ended = time.Hour
	now := began.Add(ended)
	events := []request.Event{
		{ID: 1, Time: now.Add(-20 * time.Second), Text: "first"},
		{ID: 2, Time: now.Add(-10 * time.Second), Text: "second"},
	}
	ago := func(seconds time.Duration) uint64 { return uint64(ended - seconds*time.Second) }
	bash := recorder.Process{PID: 12, Name: "bash", ParentName: "bash"}
	us := recorder.Process{PID: 1, Name: "supervise"}
	const handler = 2
	seen := []recorder.Seen{
		{Signal: recorder.Signal{Signal: signals.SIGUSR1, Time: ago(300), Sender: bash}, Count: 1}, // long before
		{Signal: recorder.Signal{Signal: signals.SIGUSR2, Time: ago(25), Target: 7, Name: "web", Sender: bash, Handler: handler}, Count: 1},
		{Signal: recorder.Signal{Signal: signals.SIGTERM, Time: ago(15), Target: 7, Name: "web", Sender: us}, Count: 1}, // our own
		{Signal: recorder.Signal{Signal: signals.SIGHUP, Time: ago(14), Target: 7, Name: "web", Sender: bash, Handler: handler}, Count: 1},
		{Signal: recorder.Signal{Signal: signals.SIGINT, Time: ago(13), Target: 7, Name: "web", Sender: bash, Handler: 1, Blocked: signals.Full}, Count: 1},
		{Signal: recorder.Signal{Signal: signals.SIGQUIT, Time: ago(12), Target: 8, Name: "a\nb", Sender: bash, Handler: handler, Result: recorder.InfoLost}, Count: 3},
	}
	options := RecordedOptions{Now: ended, Lost: 5, Self: 1, Main: 7, Pending: signals.SetOf(signals.SIGHUP)}
	var texts []string
	for _, e := range j.WithRecorded(events, "web", seen, options) {
		texts = append(texts, e.Text)
		if recorded := e.ID == 0; recorded != (e.Kind == RecordedKind) || recorded && e.Service != "web" {
			t.Errorf("%+v", e)
		}
	}
	want := []string{
		"recorded: SIGUSR2 to pid 7 (web), from pid 12 (bash, uid 0): handled",
		"first",
		"recorded: SIGHUP to pid 7 (web), from pid 12 (bash, uid 0): still pending: it does not run (stopped, or its cgroup is frozen)",
		"recorded: SIGINT to pid 7 (web), from pid 12 (bash, uid 0): blocked for a moment, then ignored by it",
		`recorded: 3 times SIGQUIT to pid 8 (a^Jb), from pid 12 (bash, uid 0): handled, its siginfo lost`,
		"second",
		"5 signals to processes of services were not recorded: they came too fast",
	}
	if got := strings.Join(texts, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	if got := j.WithRecorded(nil, "web", seen, options); got != nil {
		t.Errorf("%+v", got)
	}
}
