package segment

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"supervise/internal/ipc/owner"
)

var full = Slot{
	Name: "web", State: "stopping", Wanted: true, Ready: true, Paused: true, PID: 4711, Since: 1, Restarts: 2,
	NextRestart: 3, Rung: 1, Rungs: 4, Held: 5, Exited: true, ExitTime: 6, ExitCode: 7, ExitSignal: 9, Core: true,
	SenderPID: 812, SenderUID: 1000, Sender: "bash", Blame: "from pid 812 (bash, uid 1000)", SigQUsed: 10, SigQLimit: 11, More: true,
}

// made is a new segment, in the process's own memory.
func made(t testing.TB, capacity, used int) ([]byte, View) {
	t.Helper()
	memory := aligned(make([]byte, Size(capacity)))
	v, err := Format(memory, Head{Capacity: capacity, Used: used, Owner: owner.Owner{PID: 4712, Start: 12}, Generation: 2})
	if err != nil {
		t.Fatal(err)
	}
	return memory, v
}

// TestLayout writes the bytes down that the package's documentation promises.
func TestLayout(t *testing.T) {
	m, v := made(t, 3, 1)
	v.Store(0, &full)
	order := binary.NativeEndian
	for offset, want := range map[int]uint32{4: 1, 8: 64, 12: 256, 16: 3, 20: 1, 28: 4712, 32: 12, 40: 2, 56: 1} {
		if got := order.Uint32(m[offset:]); got != want {
			t.Errorf("header, offset %d: %d, want %d", offset, got, want)
		}
	}
	if string(m[:4]) != "SVBD" {
		t.Errorf("magic %q", m[:4])
	}
	s := m[64:]
	for offset, want := range map[int]uint64{8: 1, 16: 3, 24: 2, 56: 6, 64: 10, 72: 11} {
		if got := order.Uint64(s[offset:]); got != want {
			t.Errorf("slot, offset %d: %d, want %d", offset, got, want)
		}
	}
	for offset, want := range map[int]uint32{0: 2, 4: 31, 32: 4711, 36: 7, 40: 9, 44: 812, 48: 1000, 52: 5, 80: 1, 84: 4, 88: 1} {
		if got := order.Uint32(s[offset:]); got != want {
			t.Errorf("slot, offset %d: %d, want %d", offset, got, want)
		}
	}
	for offset, want := range map[int]string{96: "stopping\x00", 112: "bash\x00", 128: "web\x00"} {
		if got := string(s[offset : offset+len(want)]); got != want {
			t.Errorf("slot, offset %d: %q, want %q", offset, got, want)
		}
	}
}

// TestSlot stores and loads slots. What a slot has no room for is cut, and the slot says so.
func TestSlot(t *testing.T) {
	for field, value := range reflect.ValueOf(full).Fields() {
		if value.IsZero() && field.Name != "Torn" {
			t.Errorf("the test has no %s", field.Name)
		}
	}
	_, v := made(t, 1, 1)
	cut := func(name, state, sender, blame int) Slot {
		x := strings.Repeat("x", 100)
		return Slot{Name: x[:name], State: x[:state], Sender: x[:sender], Blame: x[:blame]}
	}
	more := func(s Slot) Slot { s.More = true; return s }
	for _, test := range []struct{ in, out Slot }{
		{full, full},
		{Slot{}, Slot{}},
		{cut(80, 16, 16, 48), cut(80, 16, 16, 48)},
		{cut(81, 16, 16, 48), more(cut(80, 16, 16, 48))},
		{cut(80, 17, 16, 48), more(cut(80, 16, 16, 48))},
		{cut(80, 16, 17, 48), more(cut(80, 16, 16, 48))},
		{cut(80, 16, 16, 49), more(cut(80, 16, 16, 48))},
	} {
		var got Slot
		v.Store(0, &test.in)
		if v.Load(0, &got); got != test.out {
			t.Errorf("%+v is read as %+v", test.in, got)
		}
	}
	v.slots[0].sequence |= 1
	var got Slot
	if v.Load(0, &got); !got.Torn {
		t.Error("a torn slot is whole")
	}
}

func TestExit(t *testing.T) {
	for want, s := range map[string]Slot{
		"":                                     {ExitCode: 3},
		"exited with code 3":                   {Exited: true, ExitCode: 3},
		"killed by SIGSEGV, core dumped":       {Exited: true, ExitSignal: 11, Core: true},
		"killed by SIGKILL, from pid 1 (x, y)": {Exited: true, ExitSignal: 9, Blame: "from pid 1 (x, y)"},
	} {
		if got := s.Exit(); got != want {
			t.Errorf("%+v: %q, want %q", s, got, want)
		}
	}
}

// TestParse reads what encoding/json writes, and texts that are no such file.
func TestParse(t *testing.T) {
	want := File{Version: 1, Memory: 2, Semaphores: 3, Owner: owner.Owner{PID: 4, Start: 5}}
	text, err := json.Marshal(struct {
		File
		Set any `json:"set"`
	}{want, want})
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := parse(string(text)); !ok || got != want {
		t.Errorf("%s is %+v, %v", text, got, ok)
	}
	for _, text := range []string{"", "{", `{"version":"1"}`, `{"owner":1}`} {
		if got, ok := parse(text); ok {
			t.Errorf("%s is %+v", text, got)
		}
	}
}

// TestAttach finds segments that are no more, and files that are none.
func TestAttach(t *testing.T) {
	for text, want := range map[string]error{
		`{"version":2}`:               ErrLayout,
		`{`:                           ErrLayout,
		`{"version":1,"memory":-1}`:   ErrMoved,
		`{"version":1,"memory":"-1"}`: ErrLayout,
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, FileName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := Find(dir)
		if err == nil {
			_, err = file.Attach()
		}
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", text, err, want)
		}
	}
	if _, err := Find(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a file: %v", err)
	}
}
