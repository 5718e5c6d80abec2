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
