package segment

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"supervise/internal/ipc/owner"
	"supervise/supervisor/status"
)

var full = status.Service{Name: "web", State: "running", Wanted: status.Up, Ready: true, PID: 4711}

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

// TestLayout writes the bytes of the header down that the documentation of package board
// promises, and where the first slot begins.
func TestLayout(t *testing.T) {
	m, v := made(t, 3, 1)
	v.Store(0, &full)
	order := binary.NativeEndian
	for offset, want := range map[int]uint32{4: 1, 8: 64, 12: 256, 16: 3, 20: 1, 28: 4712, 32: 12, 40: 2, 56: 1, 64: 2, 64 + 32: 4711} {
		if got := order.Uint32(m[offset:]); got != want {
			t.Errorf("offset %d: %d, want %d", offset, got, want)
		}
	}
	if string(m[:4]) != "SVBD" {
		t.Errorf("magic %q", m[:4])
	}
}

// TestWorked says when the writer was last at work, before and after.
func TestWorked(t *testing.T) {
	_, v := made(t, 1, 1)
	if at := v.Worked(); at != 0 || !v.Busy() {
		t.Errorf("at first: %d, busy %v", at, v.Busy())
	}
	for _, busy := range []bool{false, true, false} {
		if v.Work(busy, 1_795_000_000); v.Worked() != 1_795_000_000 || v.Busy() != busy {
			t.Errorf("%d, busy %v", v.Worked(), v.Busy())
		}
	}
}

// TestLoad loads slots that are complete, and others.
func TestLoad(t *testing.T) {
	_, v := made(t, 2, 2)
	long, torn := full, full
	long.State, torn.PID = strings.Repeat("x", 17), 1
	for i, s := range []status.Service{long, torn} {
		if !v.Store(i, &s) || v.Store(i, &s) {
			t.Error("a slot changes when it does not, or the other way round")
		}
	}
	v.slots[1].Sequence |= 1
	var got status.Service
	for i := range 2 {
		if v.Load(i, &got) {
			t.Errorf("slot %d is complete: %+v", i, got)
		}
	}
	if i := v.Find("web"); i != 0 {
		t.Errorf("web is in slot %d", i)
	}
	v.Store(0, &full)
	if !v.Load(0, &got) || got != full {
		t.Errorf("%+v", got)
	}
}

// TestConsistent reads while a slot is written: what is complete is of one piece.
func TestConsistent(t *testing.T) {
	_, v := made(t, 1, 1)
	var stop atomic.Bool
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := 1; !stop.Load(); i++ {
			v.Store(0, &status.Service{Restarts: i, SigQ: status.SigQ{Used: uint64(i)}, PID: i, Name: strconv.Itoa(i), Wanted: status.Up})
		}
	})
	defer writer.Wait()
	defer stop.Store(true)
	var s status.Service
	for range 20000 {
		if !v.Load(0, &s) || s.Restarts == 0 {
			continue
		}
		if int(s.SigQ.Used) != s.Restarts || s.PID != int(int32(s.Restarts)) || s.Name != strconv.Itoa(s.Restarts) {
			t.Fatalf("%+v", s)
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
