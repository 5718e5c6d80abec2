//go:build !slim

package main

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"supervise/supervisor/control/request"
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
		t.Errorf("%s is not what it was (go test -update writes it anew):\n%s", file, text)
	}
}

func TestShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0.0s", 99 * time.Millisecond: "0.0s", 1234 * time.Millisecond: "1.2s", 9999 * time.Millisecond: "9.9s",
		10 * time.Second: "10s", 59999 * time.Millisecond: "59s", 192 * time.Second: "3m12s", time.Hour: "1h00m",
		125 * time.Minute: "2h05m", 24 * time.Hour: "1d00h", 99*time.Hour + 59*time.Minute: "4d03h",
	} {
		if got := short(d); got != want {
			t.Errorf("short(%v) = %q, want %q", d, got, want)
		}
	}
}

// TestStatusTable holds the table of status, which tells times by the present one.
func TestStatusTable(t *testing.T) {
	now := time.Date(2026, 3, 1, 14, 2, 3, 0, time.UTC)
	services := []request.Service{
		{Name: "web", State: "running", Wanted: "up", PID: 812, Ready: true, Since: now.Add(-192 * time.Second), SigQ: &request.SigQ{Used: 1, Limit: 96365}},
		{
			Name: "a-worker@3", State: "backoff", Wanted: "up", Since: now.Add(-time.Second), Restarts: 31,
			Exit:        &request.Exit{Text: "killed by SIGKILL from pid 812 (bash, uid 0)"},
			NextRestart: now.Add(2500 * time.Millisecond), Held: 4,
		},
		{Name: "db", State: "stopping", Wanted: "down", PID: 9, Since: now.Add(-26 * time.Hour), Rung: 1, Rungs: 3},
		{Name: "übung", State: "failed", Wanted: "up", Exit: &request.Exit{Code: 3, Text: "exited with code 3"}},
	}
	for file, colors := range map[string]bool{"testdata/status.txt": false, "testdata/status-color.txt": true} {
		var out strings.Builder
		if err := printTable(&out, statusTable(services, now), colors); err != nil {
			t.Fatal(err)
		}
		compare(t, file, out.String())
	}
}
