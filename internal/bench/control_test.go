package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"supervise/internal/bench/report"
)

// TestControl measures the control plane of the real program: it needs services that
// follow signals, commands and a board, for which nothing stands in.
func TestControl(t *testing.T) {
	cmd, tmp := command(t, "-quick", "-rounds", "1", "-json", "-only", "control")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &stderr)
	}
	var got report.Report
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if len(got.Tables) != 6 {
		t.Fatalf("%d tables", len(got.Tables))
	}
	for _, table := range got.Tables {
		for _, row := range table.Rows {
			if cell := row.Cells["median"]; row.Skipped == "" && (cell.Value == nil || *cell.Value <= 0) {
				t.Errorf("%s, %s: %+v", table.Title, row.Name, cell)
			}
			ours := strings.HasPrefix(row.Name, "supervise") || strings.HasPrefix(table.Title, "a Go program")
			if ours && row.Skipped != "" {
				t.Errorf("%s, %s: skipped: %s", table.Title, row.Name, row.Skipped)
			}
		}
	}
	empty(t, tmp)
}

// TestEcho is the floor under the round trip: what comes back is what was sent, and with
// the queues the thread ends.
func TestEcho(t *testing.T) {
	e, end := newEcho()
	if e.absent != "" {
		end()
		t.Skip("no message queues: " + e.absent)
	}
	for range 3 {
		if err := e.round(); err != nil {
			t.Error(err)
		}
	}
	end()
	if err := e.round(); err == nil {
		t.Error("the queues are still there")
	}
}
