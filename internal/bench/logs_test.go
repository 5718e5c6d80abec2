package main

import (
	"fmt"
	"os"
	"testing"

	"supervise/internal/bench/role"
)

// TestLogCost measures cat, of one service and of several, at full speed and slowly.
func TestLogCost(t *testing.T) {
	b := &bench{dir: t.TempDir(), options: options{quick: true}}
	var err error
	if b.self, err = os.Executable(); err != nil {
		t.Fatal(err)
	}
	l := logger{name: catLog, pipe: func(string) []string { return []string{"cat"} }, file: "log"}
	for _, load := range []load{
		{count: 1, total: 1_000_000, size: 65536},
		{count: 3, total: 100_000, size: 3 * role.LineSize / 2},
		{count: 1, total: 50 * role.LineSize, rate: 1000},
	} {
		got, err := b.logCost(l, load)
		if err != nil || got.speed <= 0 || got.cpu <= 0 || (got.latest > 0) != (load.rate > 0) {
			t.Errorf("%+v: %+v, %v", load, got, err)
		}
	}
}

// TestWritten finds the time in a line, whatever a logger has put before it.
func TestWritten(t *testing.T) {
	for line, want := range map[string]int64{
		"0000000000000102xxxx":                          258,
		"@400000006b0debf92526e4db 0000000000000102xxx": 258,
		`{"time":"2026-01-02T02:04:05.006000Z","line":"` + fmt.Sprintf("%016x", int64(1e15)) + `xx"}`: 1e15,
		"xxxx": 0, "000000000000010": 0, "": 0, "000000000000010gxx": 0,
	} {
		if got, ok := written([]byte(line)); got != want || ok != (want != 0) {
			t.Errorf("%q: %d, %v", line, got, ok)
		}
	}
}
