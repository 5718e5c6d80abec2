package main

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	tests := []struct {
		args  string
		check func(o options) bool
		err   string // "" is none
	}{
		{"", func(o options) bool { return o.rounds == 7 && !o.json && !o.quick && o.only == nil }, ""},
		{"-quick", func(o options) bool { return o.rounds == 2 && o.quick }, ""},
		{"--quick --rounds 5", func(o options) bool { return o.rounds == 5 }, ""},
		{"--json", func(o options) bool { return o.json }, ""},
		{"--only idle,fleet", func(o options) bool { return slices.Equal(o.only, []string{"idle", "fleet"}) }, ""},
		{"-supervise ./x", func(o options) bool { return o.supervise == "./x" }, ""},
		{"--before /bin/true --before-init /bin/false", func(o options) bool { return o.before == "/bin/true" && o.beforeInit == "/bin/false" }, ""},
		{"--before /no/where", nil, "no such file"},
		{"--ours --before /bin/true", func(o options) bool { return o.oursOnly }, ""},
		{"--before-init /bin/true", nil, "-before-init without -before"},
		{"--rounds 0", nil, "-rounds 0 is not within 1 to 1000"},
		{"--rounds 1001", nil, "-rounds 1001 is not within 1 to 1000"},
		{"--rounds x", nil, "invalid value"},
		{"--only idle,dance", nil, `no table is called "dance"; there are startup, latency`},
		{"idle", nil, `unexpected argument "idle"`},
		{"--fast", nil, "not defined"},
	}
	for _, test := range tests {
		t.Run(test.args, func(t *testing.T) {
			var said bytes.Buffer
			o, err := parse(strings.Fields(test.args), &said)
			if test.err == "" {
				if err != nil || !test.check(o) {
					t.Errorf("%+v, %v", o, err)
				}
				return
			}
			var usage usageError
			if !errors.As(err, &usage) || !strings.Contains(err.Error(), test.err) || !strings.Contains(said.String(), test.err) {
				t.Errorf("error %v, said %q, want %q", err, said.String(), test.err)
			}
		})
	}
}

func TestParseHelp(t *testing.T) {
	if _, err := parse([]string{"-h"}, io.Discard); !errors.Is(err, flag.ErrHelp) || fail(err) != 0 {
		t.Errorf("error %v", err)
	}
}

func TestFIFO(t *testing.T) {
	path := filepath.Join(t.TempDir(), "announce")
	f, err := openFIFO(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	if _, err := openFIFO(path); err == nil || !strings.Contains(err.Error(), "file exists") {
		t.Errorf("made twice: %v", err)
	}
	past := time.Now()
	if _, err := f.next(past); !errors.Is(err, errSilent) {
		t.Errorf("nobody has written: %v", err)
	}
	w, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	record := make([]byte, announcementSize)
	record[0], record[8], record[16] = 3, 4, 5
	if _, err := w.Write(append(record, record...)); err != nil {
		t.Fatal(err)
	}
	soon := time.Now().Add(patience)
	for range 2 {
		if got, err := f.next(soon); err != nil || got != (announcement{3_000_000_004, 5}) {
			t.Errorf("got %+v, %v", got, err)
		}
	}
	if err := f.gone(past); !errors.Is(err, errSilent) {
		t.Errorf("a writer is there: %v", err)
	}
	if _, err := w.Write([]byte{1}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.gone(soon); err != nil {
		t.Errorf("no writer is there: %v", err)
	}
}

func TestParseRecord(t *testing.T) {
	b := make([]byte, recordSize)
	b[0], b[8], b[16], b[24], b[128], b[136] = 10, 0xff, 7, 9, 2, 5
	b[9], b[10], b[11] = 0xff, 0xff, 0xff
	if got, want := parseRecord(b), (record{10, -1, 7, 9, 2_000_000_005}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestCount(t *testing.T) {
	var got received
	next := uint64(1)
	self := int32(os.Getpid())
	for _, r := range []record{{value: 1, pid: self}, {value: 3, pid: self}, {value: 2, pid: self}, {value: 0, pid: 1}, {value: 5, pid: self}} {
		got.count(r, 4, &next)
	}
	// 2 came after 3; 0 and 5 were never sent.
	if want := (received{payload: 3, sender: 4, ordered: 2}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestGoal(t *testing.T) {
	for _, test := range []struct {
		value float64
		want  string
	}{{0, "be quick: not measured"}, {1.2, "be quick: met, 1.2x"}, {1.31, "be quick: MISSED, 1.3x"}} {
		if got := goal("be quick", test.value, 1.25, "%.1fx").String(); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}

func TestSeries(t *testing.T) {
	s := newSeries("a", "b", "c")
	s.rounds["a"].Add(0, 2)
	s.rounds["b"].Add(0, 4)
	if got := s.ratio("b", "a"); got != 2 {
		t.Errorf("ratio %v", got)
	}
	s.fail("b", errors.New("it broke"))
	if s.in("b") || !s.in("a") || s.ratio("b", "a") != 0 || s.ratio("a", "nobody") != 0 || s.ratio("a", "c") != 0 {
		t.Error("a failed or absent contestant still counts")
	}
	in := shuffled([]contestant{{name: "a"}, {name: "b"}, {name: "c"}}, s)
	if len(in) != 2 {
		t.Errorf("%d take part", len(in))
	}
}
