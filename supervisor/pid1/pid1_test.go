package pid1

import (
	"encoding/json"
	"strings"
	"syscall"
	"testing"
	"time"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/intake"
)

func TestRewrite(t *testing.T) {
	var r Rewrite
	if r.Changed() != 0 || r.Has(15) || r.Of(15) != 15 {
		t.Errorf("the zero value: %v", r)
	}
	r.Set(signals.SIGTERM, signals.SIGQUIT)
	r.Set(signals.SIGHUP, 0)
	r.Set(signals.SIGRTMAX, signals.SIGRTMAX)
	for s, want := range map[signals.Signal]signals.Signal{signals.SIGTERM: signals.SIGQUIT, signals.SIGHUP: 0, signals.SIGRTMAX: signals.SIGRTMAX, signals.SIGINT: signals.SIGINT} {
		if got := r.Of(s); got != want {
			t.Errorf("%v becomes %v, want %v", s, got, want)
		}
	}
	if want := signals.SetOf(signals.SIGTERM, signals.SIGHUP); r.Changed() != want || !r.Has(signals.SIGRTMAX) {
		t.Errorf("changed: %v, want %v", r.Changed(), want)
	}
}

func TestRemap(t *testing.T) {
	var r Remap
	r.Set(143, 0)
	r.Set(0, 255)
	for status, want := range map[int]int{143: 0, 0: 255, 7: 7, 255: 255} {
		if got := r.Of(status); got != want {
			t.Errorf("%d becomes %d, want %d", status, got, want)
		}
	}
}

func TestAlarms(t *testing.T) {
	var a alarms
	if a.armed() || a.timeout() != intake.Forever {
		t.Error("the zero value is armed")
	}
	a.in(alarmKill, 10*second)
	a.in(alarmDrain, second)
	a.in(alarmDrain, 2*second) // in place of the other
	if timeout := a.timeout(); timeout <= second || timeout > 2*second {
		t.Errorf("the next one is in %d ns", timeout)
	}
	now := sys.Now()
	if a.due(alarmDrain, now) || !a.due(alarmDrain, now+3*second) || a.due(alarmDrain, now+3*second) {
		t.Error("an alarm is due once, when its time has come")
	}
	if !a.pending(alarmKill) || a.pending(alarmDrain) {
		t.Error("pending is what was set and not due")
	}
	a.clear(alarmKill)
	a.clear(alarmKill)
	if a.armed() {
		t.Error("cleared alarms are armed")
	}
	a.in(alarmGrace, -second)
	if a.timeout() != 0 {
		t.Error("what is overdue waits")
	}
}

// TestCivil compares the dates of eight centuries with package time's.
func TestCivil(t *testing.T) {
	for days := int64(0); days < 800*366; days++ {
		want := time.Unix(days*86400, 0).UTC()
		if year, month, day := civil(days); year != want.Year() || month != int(want.Month()) || day != want.Day() {
			t.Fatalf("day %d is %d-%d-%d, want %v", days, year, month, day, want)
		}
	}
}

func TestLines(t *testing.T) {
	for style, want := range map[Style][2]string{
		Text:      {"supervise init: warn: ", "a \"b\"\n"},
		JSON:      {`{"level":"warn","time":"`, `,"message":"a \"b\""}` + "\n"},
		Tini:      {"[WARN  tini (", "a \"b\"\n"},
		DumbInit:  {"[dumb-init] ", "a \"b\"\n"},
		Catatonit: {"WARN (catatonit:", "a \"b\"\n"},
	} {
		if got := (Log{Style: style}).Message(Warn, `a "b"`); !strings.HasPrefix(got, want[0]) || !strings.HasSuffix(got, want[1]) {
			t.Errorf("style %d: %q", style, got)
		}
	}
}

// FuzzJSON writes whatever a command may be called.
func FuzzJSON(f *testing.F) {
	f.Add("a\"\\\n\x00\x7f", "\xff\u2028é")
	f.Fuzz(func(t *testing.T, message, value string) {
		if len(message)+len(value) > 4096 {
			return
		}
		l := logger{style: JSON}
		l.appendJSON(Info, message, []field{word("value", value+"."), number("pid", -7)})
		var got struct {
			Level, Message, Value string
			Time                  time.Time
			PID                   int
		}
		if err := json.Unmarshal(l.buffer, &got); err != nil {
			t.Fatalf("%s: %v", l.buffer, err)
		}
		if want := strings.ToValidUTF8(value, "\ufffd"); got.PID != -7 || got.Level != "info" || strings.ToValidUTF8(got.Value, "") == "" || len([]rune(got.Value)) < len([]rune(want)) {
			t.Errorf("%s is %+v", l.buffer, got)
		}
	})
}

// TestFull writes to a pipe that nobody reads: PID 1 goes on, and tells later how much was
// lost.
func TestFull(t *testing.T) {
	var pipe [2]int
	if err := syscall.Pipe2(pipe[:], syscall.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(pipe[0])
	defer syscall.Close(pipe[1])
	l := logger{fd: pipe[1], level: Info}
	for range 3000 {
		l.say(Info, strings.Repeat("x", 100))
	}
	if l.dropped == 0 {
		t.Fatal("nothing was dropped")
	}
	buffer := make([]byte, 1<<20)
	if _, err := syscall.Read(pipe[0], buffer); err != nil {
		t.Fatal(err)
	}
	l.say(Info, "last")
	n, _ := syscall.Read(pipe[0], buffer)
	if text := string(buffer[:n]); !strings.Contains(text, "log messages were lost") || !strings.HasSuffix(text, "last\n") {
		t.Errorf("afterwards it says %q", text)
	}
}

func TestDescribe(t *testing.T) {
	if got := describe([]sys.Stat{{PID: 1, Name: "a"}, {PID: 2, Name: "b c"}}); got != "1 (a), 2 (b c)" {
		t.Errorf("got %q", got)
	}
	if got := describe(make([]sys.Stat, 13)); !strings.HasSuffix(got, " and 3 more") {
		t.Errorf("got %q", got)
	}
	if got := describe(nil); got != "" {
		t.Errorf("got %q", got)
	}
}
