package replay

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"supervise/config"
	"supervise/signals"
	"supervise/supervisor/journal"
	"supervise/supervisor/machine"
)

const text = `
[supervisor]
shutdown-timeout = "5s"

[signals]
SIGUSR1 = { restart = ["web", "db"] }
SIGRTMIN = { pause = true, service-from-value = true }
SIGUSR2 = { reload = "web" }

[service.web]
command = "web"
restart = { policy = "always", delay = "20ms", jitter = 0.5, limit = 3, reset-after = "1s" }
signals = { forward = { SIGHUP = "SIGHUP", "SIGRTMIN+1" = "SIGRTMIN+2" }, queue = { limit = 2 } }

[service.db]
command = "db"
stop.ladder = [ { signal = "SIGINT", timeout = "1s" }, { signal = "SIGTERM", scope = "group", timeout = "1s" } ]

[service.once]
command = "once"
restart.policy = "never"
startup = "disabled"
`

func load(t testing.TB, text string) *config.File {
	t.Helper()
	file, err := config.Parse("s.toml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// walk is a machine that is led about at random, and what is recorded of it.
type walk struct {
	t       testing.TB
	random  *rand.Rand
	machine *machine.Machine
	file    *config.File
	journal *journal.Journal
	lines   [][]byte
	now     time.Duration
	due     bool
}

const seed = 7

func newWalk(t testing.TB, seed2 uint64) *walk {
	w := &walk{t: t, random: rand.New(rand.NewPCG(1, seed2)), file: load(t, text)}
	w.machine = machine.New(w.file, seed)
	names := []string{"web", "db", "once", "extra"}
	w.journal = journal.New(64, time.Unix(1000, 0), func(id machine.ServiceID) string { return names[min(int(id), 3)] })
	w.journal.RecordTo(w, func() journal.Header {
		saved := w.machine.Save()
		return journal.Header{Version: "test", Seed: seed, Configuration: w.file, Machine: &saved}
	})
	return w
}

// Record keeps a record as a line.
func (w *walk) Record(r journal.Record) {
	line, err := r.AppendTo(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	w.lines = append(w.lines, line)
}

// Due has a header come now and then.
func (w *walk) Due() bool { return w.due && w.random.IntN(50) == 0 }

// step takes one step and all that it leads to.
func (w *walk) step(event machine.Event) {
	for queue := []machine.Event{event}; len(queue) > 0; queue = queue[1:] {
		actions := w.machine.Step(w.now, queue[0])
		w.journal.Step(w.now, queue[0], actions)
		for i := range actions {
			w.journal.Add(journal.Entry{Action: &actions[i]})
			queue = append(queue, w.answer(&actions[i])...)
		}
	}
}

// answer is what the kernel says to an action.
func (w *walk) answer(a *machine.Action) []machine.Event {
	event := machine.Event{Service: a.Service, Gen: a.Gen, Ticket: a.Ticket}
	switch {
	case a.Kind == machine.Spawn && w.random.IntN(8) == 0:
		event.Kind, event.Reason = machine.SpawnFailed, "no \"more\" processes"
	case a.Kind == machine.Spawn:
		event.Kind, event.PID = machine.Spawned, 100+int32(w.random.IntN(1000))
	case a.Kind == machine.Deliver:
		event.Kind, event.Result = machine.Sent, machine.Result(w.random.IntN(3))
	case a.Kind == machine.Survey:
		event.Kind, event.PID, event.Reason = machine.Surveyed, w.random.Int32N(2)*(100+w.random.Int32N(1000)), "pid 1 (other)"
	case a.Kind == machine.Inspect:
		event.Kind, event.Effect = machine.Inspected, machine.Effect(w.random.IntN(5))
	case a.Kind == machine.Send && a.Ticket != 0:
		event.Kind, event.Count = machine.Signalled, w.random.IntN(3)
	default:
		return nil
	}
	return []machine.Event{event}
}

// wander does something.
func (w *walk) wander() {
	w.now += time.Duration(w.random.IntN(500)) * time.Millisecond
	service := machine.ServiceID(w.random.IntN(w.machine.Len()))
	event := machine.Event{Service: service, By: machine.Asker{PID: 812, Name: "bash"}}
	view := w.machine.View(service)
	switch w.random.IntN(10) {
	case 0, 1:
		commands := []machine.EventKind{machine.Start, machine.Stop, machine.Restart, machine.Reload, machine.Pause, machine.Continue}
		event.Kind = commands[w.random.IntN(len(commands))]
	case 2, 3:
		some := []signals.Signal{signals.SIGHUP, signals.SIGUSR1, signals.SIGUSR2, signals.SIGRTMIN, signals.SIGRTMIN + 1}
		event.Kind, event.Service = machine.Signal, 0
		event.Info = signals.Info{Signal: some[w.random.IntN(len(some))], Code: signals.CodeQueue, PID: 812, Value: 1}
	case 4:
		event.Kind, event.Info = machine.Post, signals.Info{Signal: signals.SIGWINCH, PID: 812}
	case 5, 6:
		if view.PID == 0 {
			return
		}
		event = machine.Event{Kind: machine.Exited, Service: service, Gen: view.Gen, Survivors: w.random.IntN(3) == 0}
		event.Exit = signals.Exit{Code: w.random.IntN(2)}
	case 7:
		if view.State != machine.Clearing {
			return
		}
		event = machine.Event{Kind: machine.Emptied, Service: service, Gen: view.Gen}
	default:
		event = machine.Event{Kind: machine.Tick}
	}
	w.step(event)
}

// update has a service come or go.
func (w *walk) update() {
	next := text
	if len(w.file.Services) == 3 {
		next += "\n[service.extra]\ncommand = \"extra\"\n"
	}
	w.file = load(w.t, next)
	revision := w.machine.Offer(w.file, []string{"web"})
	w.journal.Offered(revision, w.file, []string{"web"})
	w.step(machine.Event{Kind: machine.Update, Revision: revision, Path: "/etc/s.toml"})
}

// walked takes a walk.
func walked(t testing.TB, seed uint64, headers bool) *walk {
	w := newWalk(t, seed)
	w.due = headers
	w.step(machine.Event{Kind: machine.Boot, PID: 1})
	for i := range 400 {
		if w.wander(); i%100 == 50 {
			w.update()
		}
	}
	w.step(machine.Event{Kind: machine.Shutdown})
	return w
}

// replayed feeds lines to a machine and fails if one is decided otherwise.
func replayed(t *testing.T, lines [][]byte) (r Replay, complaints []error) {
	t.Helper()
	for _, line := range lines {
		d, err := r.Feed(journal.ReadRecord(line))
		if err != nil {
			complaints = append(complaints, err)
		}
		if d != nil && !d.Same() {
			recorded, now := d.Difference()
			t.Fatalf("step %d, %s: recorded is %q, and now %q", d.Step.Number, d.Event(), recorded, now)
		}
	}
	return r, complaints
}

func TestWalk(t *testing.T) {
	for seed := range uint64(20) {
		w := walked(t, seed, true)
		r, complaints := replayed(t, w.lines)
		if complaints != nil || r.Steps != int(w.machine.Steps()) || r.Skipped != 0 {
			t.Fatalf("seed %d: %d steps of %d, %v", seed, r.Steps, w.machine.Steps(), complaints)
		}
	}
}

// TestMissingBeginning has a journal begin anywhere, as a bounded one does.
func TestMissingBeginning(t *testing.T) {
	steps := 0
	for seed := range uint64(20) {
		w := walked(t, seed, true)
		r, complaints := replayed(t, w.lines[len(w.lines)/2:])
		if len(complaints) > 1 || len(complaints) == 1 && (r.Skipped == 0 || !errors.Is(complaints[0], ErrNoBeginning)) {
			t.Fatalf("seed %d: %d steps, %d skipped, %v", seed, r.Steps, r.Skipped, complaints)
		}
		steps += r.Steps
	}
	if steps == 0 {
		t.Error("nothing was replayed")
	}
}

// TestGap takes lines out of the middle, which is to be noticed once for each gap.
func TestGap(t *testing.T) {
	w := walked(t, 1, false)
	middle := len(w.lines) / 2
	for name, lines := range map[string][][]byte{
		"lost":      append(append([][]byte{}, w.lines[:middle]...), []byte(`{"lost":3}`)),
		"not there": append([][]byte{}, w.lines[:middle]...),
		"no record": append(append([][]byte{}, w.lines[:middle]...), []byte("{")),
	} {
		lines = append(lines, w.lines[middle+10:]...)
		r, complaints := replayed(t, lines)
		if len(complaints) == 0 || len(complaints) > 2 || r.Steps == 0 || r.Skipped == 0 {
			t.Errorf("%s: %d steps, %d skipped, %v", name, r.Steps, r.Skipped, complaints)
		}
	}
}

// TestDifference changes a recorded action.
func TestDifference(t *testing.T) {
	w := walked(t, 2, false)
	for i, line := range w.lines {
		if !bytes.HasPrefix(line, []byte(`{"step":`)) || !bytes.Contains(line, []byte(`"signal":"SIGINT"`)) {
			continue
		}
		w.lines[i] = bytes.Replace(line, []byte(`"signal":"SIGINT"`), []byte(`"signal":"SIGTERM"`), 1)
		break
	}
	var r Replay
	for _, line := range w.lines {
		d, err := r.Feed(journal.ReadRecord(line))
		if err != nil {
			t.Fatal(err)
		}
		if d == nil || d.Same() {
			continue
		}
		recorded, now := d.Difference()
		if !strings.HasPrefix(recorded, "send SIGTERM to the leader of db/") || !strings.HasPrefix(now, "send SIGINT ") {
			t.Errorf("recorded is %q, and now %q", recorded, now)
		}
		return
	}
	t.Error("nobody noticed")
}

// TestWords has decisions say what they are about.
func TestWords(t *testing.T) {
	w := walked(t, 3, false)
	var all strings.Builder
	var r Replay
	about := map[string]int{}
	for _, line := range w.lines {
		d, err := r.Feed(journal.ReadRecord(line))
		if err != nil {
			t.Fatal(err)
		}
		if d == nil {
			continue
		}
		for _, name := range []string{"web", "db", "extra"} {
			if d.About([]string{name}) {
				about[name]++
			}
		}
		fmt.Fprintln(&all, d.Event())
		for i := range d.Now {
			fmt.Fprintln(&all, "\t", d.Action(i, d.Now))
		}
	}
	for _, want := range []string{"boot\n", "stop db, asked for by pid 812 (bash, uid 0)\n", "spawn web/1\n", "spawn extra/1\n", "signal SIGUSR1 with value 1 from pid 812 (uid 0), which is bash\n"} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("nothing says %q", want)
		}
	}
	if about["web"] == 0 || about["web"] == r.Steps || about["extra"] == 0 || about["extra"] >= about["web"] {
		t.Errorf("of %d steps these are about each: %v", r.Steps, about)
	}
}

// FuzzFeed has anyone's lines for a journal. Nothing may crash.
func FuzzFeed(f *testing.F) {
	f.Add([]byte(`{"lost":3}`))
	f.Add(bytes.Join(walked(f, 1, true).lines[:40], nil))
	f.Fuzz(func(_ *testing.T, text []byte) {
		var r Replay
		for line := range bytes.Lines(text) {
			if d, _ := r.Feed(journal.ReadRecord(line)); d != nil {
				_ = d.Event()
				if d.About([]string{"web"}) && !d.Same() {
					d.Difference()
				}
			}
		}
	})
}
