package perfetto

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"supervise/internal/testtrace"
	"supervise/signals"
	"supervise/signals/trace"
)

// parsed is an event as it is read.
type parsed struct {
	Name string
	Ph   string
	Cat  string
	PID  *int
	TID  *int
	TS   *json.Number
	Dur  float64
	ID   uint64
	BP   string
	Args map[string]json.RawMessage
}

// slice is where a slice must be for an arrow.
type slice struct {
	pid, tid int
	ts       string
}

// check parses a file, and checks what the format asks for: each arrow begins and ends at a
// slice of its thread. It returns the number of arrows.
func check(t *testing.T, file []byte) (arrows int) {
	t.Helper()
	var events []parsed
	if err := json.Unmarshal(file, &events); err != nil {
		t.Fatalf("%v in %.300s", err, file)
	}
	slices, starts, ends := map[slice]bool{}, map[uint64]parsed{}, map[uint64]parsed{}
	for _, e := range events {
		if e.Name == "" || e.PID == nil || e.TID == nil || e.TS == nil || strings.HasPrefix(e.TS.String(), "-") {
			t.Fatalf("incomplete: %+v", e)
		}
		switch e.Ph {
		case "X":
			slices[slice{*e.PID, *e.TID, e.TS.String()}] = true
			var l trace.Life
			if err := json.Unmarshal(e.Args["signal"], &l); err != nil || e.Dur <= 0 {
				t.Fatalf("%v in %s", err, e.Args["signal"])
			}
		case "s":
			starts[e.ID] = e
		case "f":
			ends[e.ID] = e
			if e.BP != "e" {
				t.Errorf("%+v ends at the next slice", e)
			}
		case "M", "i":
		default:
			t.Errorf("what is %q?", e.Ph)
		}
	}
	for id, s := range starts {
		f := ends[id]
		if !slices[slice{*s.PID, *s.TID, s.TS.String()}] || f.PID == nil || !slices[slice{*f.PID, *f.TID, f.TS.String()}] ||
			f.Name != s.Name || f.Cat != s.Cat {
			t.Fatalf("the arrow %+v to %+v has no slices", s, f)
		}
	}
	return len(starts)
}

func TestEvents(t *testing.T) {
	for _, o := range []testtrace.Options{{}, {Lives: 1}, {Lives: 3000, Events: true}, {Lives: 500, Hostile: true}} {
		var file bytes.Buffer
		lives, err := testtrace.Feed(NewWriter(&file), o)
		if err != nil {
			t.Fatal(err)
		}
		want := 0
		for _, l := range lives {
			if l.Sender.PID > 0 && l.Target.PID > 0 && l.Target.Comm != "" {
				want++
			}
		}
		if got := check(t, file.Bytes()); got != want {
			t.Errorf("%+v: %d arrows, want %d", o, got, want)
		}
	}
}

// TestValidAlways parses the file after everything that is written.
func TestValidAlways(t *testing.T) {
	name := filepath.Join(t.TempDir(), "trace.json")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := NewWriter(f)
	now := func() []byte {
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	_ = w.Begin(testtrace.Header())
	check(t, now())
	task := trace.Task{PID: 7, TID: 7, Comm: "sh"}
	for i := range 5 {
		_ = w.Life(&trace.Life{Time: testtrace.Begun, Signal: signals.SIGTERM, Sender: task, Target: task, Verdict: trace.Handled})
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if n := check(t, now()); n != i+1 {
			t.Errorf("%d arrows after %d signals", n, i+1)
		}
	}
	whole := now()
	if err := w.End(&trace.Counts{}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(now(), whole) {
		t.Errorf("%s\nat the end, %s before it", now(), whole)
	}
}

// TestPipe writes to what can only be appended to.
func TestPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		_, _ = testtrace.Feed(NewWriter(w), testtrace.Options{Lives: 1000})
		w.Close()
	}()
	var file bytes.Buffer
	if _, err := file.ReadFrom(r); err != nil {
		t.Fatal(err)
	}
	if check(t, file.Bytes()) == 0 {
		t.Error("no arrows")
	}
}

// TestTime keeps nanoseconds.
func TestTime(t *testing.T) {
	var file bytes.Buffer
	w := NewWriter(&file)
	_ = w.Begin(testtrace.Header())
	_ = w.Event(&trace.Event{Time: testtrace.Header().Boot.Add(40*24*time.Hour + 5), Event: "exit"})
	_ = w.End(nil)
	if !strings.Contains(file.String(), `"ts":3456000000000.005`) {
		t.Error(file.String())
	}
}
