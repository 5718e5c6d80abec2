//go:build !slim

package main

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"supervise/signals"
	"supervise/supervisor/status"
)

var update = flag.Bool("update", false, "write the golden files anew")

// compare compares a text with that of a golden file, or writes it there.
func compare(t *testing.T, file, text string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want, _ := os.ReadFile(file); text != string(want) {
		t.Errorf("%s is not what it was (go test -update rewrites it):\n%s", file, text)
	}
}

// TestStatusTable holds the table of status, which tells times by the present one.
func TestStatusTable(t *testing.T) {
	now := time.Date(2026, 3, 1, 14, 2, 3, 0, time.UTC)
	services := []status.Service{
		{Name: "web", State: "running", Wanted: status.Up, PID: 812, Ready: true, Since: now.Add(-192 * time.Second).UnixNano(), SigQ: status.SigQ{Used: 1, Limit: 96365}},
		{
			Name: "a-worker@3", State: "backoff", Wanted: status.Up, Since: now.Add(-time.Second).UnixNano(), Restarts: 31, Exited: true,
			Exit:        status.Exit{Exit: signals.Exit{Signal: signals.SIGKILL}, Cause: "from pid 812 (bash, uid 0)"},
			NextRestart: now.Add(2500 * time.Millisecond).UnixNano(), Held: 4,
		},
		{Name: "db", State: "stopping", Wanted: status.Down, PID: 9, Since: now.Add(-26 * time.Hour).UnixNano(), Rung: 1, Rungs: 3},
		{Name: "übung", State: "failed", Wanted: status.Up, Exited: true, Exit: status.Exit{Exit: signals.Exit{Code: 3}}},
		{
			Name: "absent", State: "failed", Wanted: status.Up, Exited: true, Exit: status.Exit{Exit: signals.Exit{Code: 3}},
			Unstarted: status.Unstarted{Obstacle: status.NoSuchFile, Text: "execve /x: no such file or directory"},
		},
	}
	for file, colors := range map[string]bool{"testdata/status.txt": false, "testdata/status-color.txt": true} {
		var out strings.Builder
		if err := printTable(&out, status.Rows(services, now.UnixNano()), colors); err != nil {
			t.Fatal(err)
		}
		compare(t, file, out.String())
	}
}

// TestStatusFits has a table of usual services fit a terminal of 80 columns.
func TestStatusFits(t *testing.T) {
	now := time.Date(2026, 3, 1, 14, 2, 3, 0, time.UTC)
	since := func(d time.Duration) int64 { return now.Add(-d).UnixNano() }
	quota := status.SigQ{Limit: 96365}
	services := []status.Service{
		{Name: "web", State: "running", Wanted: status.Up, PID: 41812, Ready: true, Since: since(26 * time.Hour), SigQ: quota},
		{Name: "postgresql", State: "running", Wanted: status.Up, PID: 418121, Ready: true, Since: since(100 * 24 * time.Hour), Restarts: 12, SigQ: quota},
		{Name: "worker@2", State: "backoff", Wanted: status.Up, Since: since(time.Second), Restarts: 131, NextRestart: now.Add(12 * time.Second).UnixNano(), Exited: true, Exit: status.Exit{Exit: signals.Exit{Code: 137}}},
		{Name: "mail", State: "failed", Wanted: status.Up, Since: since(time.Hour), Exited: true, Exit: status.Exit{Exit: signals.Exit{Signal: signals.SIGSEGV}}},
	}
	var out strings.Builder
	if err := printTable(&out, status.Rows(services, now.UnixNano()), false); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		if len(line) > 80+len("\n") {
			t.Errorf("%d columns: %s", len(line)-1, line)
		}
		if strings.Contains(line, "SIGQ") || strings.Contains(line, "HELD") {
			t.Errorf("a column in which nothing is said: %s", line)
		}
	}
}
