package json

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"
)

func TestTime(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 2000 {
		when := time.Unix(random.Int64N(9_100_000_000), random.Int64N(1e9))
		switch i % 4 {
		case 0:
			when = when.Truncate(time.Second)
		case 1:
			when = when.Truncate(time.Millisecond)
		}
		when = when.In(time.FixedZone("", random.IntN(48*30)*60-24*30*60))
		text, err := json.Marshal(when)
		if err != nil {
			continue // a zone that RFC 3339 has not
		}
		r := NewReader(string(text))
		if got := r.Time(); (got != when.UnixNano() || !r.OK()) && when.Year() >= 1970 {
			t.Errorf("%s is %d, %v, want %d", text, got, r.OK(), when.UnixNano())
		}
	}
	for i := range 2000 {
		unit := []int64{1, 1e3, 1e6, 1e7, 1e9, 3600e9, 86400e9}[i%7]
		ns := random.Int64N(9_100_000_000e9) / unit * unit
		want, _ := json.Marshal(time.Unix(0, ns).UTC())
		w := NewWriter(nil)
		if w.Time(ns); string(w.Text()) != string(want) && ns != 0 {
			t.Errorf("%d is written as %s, want %s", ns, w.Text(), want)
		}
	}
	w := NewWriter(nil)
	w.Time(0)
	text, _ := json.Marshal(time.Time{})
	if string(w.Text()) != string(text) {
		t.Errorf("none is written as %s, want %s", w.Text(), text)
	}
	if r := NewReader(string(text)); r.Time() != 0 || !r.OK() {
		t.Errorf("%s is not none", text)
	}
	for _, bad := range []string{
		`1`, `""`, `"2026"`, `"2026-11-22"`, `"2026-11-22T10:00:00"`, `"2026-11-22T10:00:00+0200"`, `"2026-11-22T10:00:00.1234567890Z"`,
		`"2026-13-22T10:00:00Z"`, `"2026-11-22T10:00:00Zx"`, `"2026-11-22t10:00:00Z"`, `"1950-11-22T10:00:00Z"`, `"2026-1a-22T10:00:00Z"`,
	} {
		r := NewReader(bad)
		if got := r.Time(); r.OK() {
			t.Errorf("%s is read as %d", bad, got)
		}
	}
}
