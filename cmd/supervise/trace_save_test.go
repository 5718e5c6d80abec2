package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestTraceSaveKilled kills a tracer that records: what it had written is read, and a note says
// that there is no end. The events for Perfetto and the page can be read, too.
func TestTraceSaveKilled(t *testing.T) {
	for _, backend := range []string{"bpf", "ptrace"} {
		t.Run(backend, func(t *testing.T) {
			dir := openDir(t)
			file := func(name string) string { return filepath.Join(dir, name) }
			pid, ended := sleeping(t)
			r := startTrace(t, "--backend", backend, "--save", file("t.trace"), "--html", file("t.html"), "--perfetto", file("t.json"), strconv.Itoa(pid))
			_ = syscall.Kill(pid, syscall.SIGWINCH)
			read := func() (out, notes string) {
				out, notes, code := runTrace(t, false, "read", file("t.trace"))
				if code != 0 || !strings.Contains(notes, "no end") {
					t.Fatalf("code %d\n%s\n%s", code, out, notes)
				}
				return out, notes
			}
			// It is written when the tracer has nothing else to do, which nothing tells.
			out := ""
			for deadline := time.Now().Add(patience); !strings.Contains(out, "SIGWINCH") && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
				out, _ = read()
			}
			r.end(t, syscall.SIGKILL)
			ended()
			if out, _ := read(); !strings.Contains(out, "SIGWINCH") || !strings.Contains(out, "ignored by default") {
				t.Errorf("it says %s", out)
			}
			events, err := os.ReadFile(file("t.json"))
			if err != nil || !json.Valid(events) || !strings.Contains(string(events), "SIGWINCH") {
				t.Errorf("%v: %s", err, events)
			}
			page, err := os.ReadFile(file("t.html"))
			if err != nil || !strings.Contains(string(page), `["s","SIGWINCH"]`) {
				t.Errorf("%v: the page ends with %q", err, page[max(0, len(page)-300):])
			}
		})
	}
}

// TestTraceReadJSON compares a recording with what was printed at the same time.
func TestTraceReadJSON(t *testing.T) {
	for _, plain := range []bool{false, true} {
		file := filepath.Join(openDir(t), "t.trace")
		script := `trap : TERM; kill -TERM $$; kill -WINCH $$; kill -9 $$`
		printed, notes, code := runTrace(t, plain, "--context", "--format", "json", "--save", file, "--", "sh", "-c", script)
		if code != 128+9 {
			t.Fatalf("code %d\n%s", code, notes)
		}
		if read, _, _ := runTrace(t, plain, "read", "--context", "--format", "json", file); read != printed {
			t.Errorf("it reads\n%s\nand was\n%s", read, printed)
		}
		if read, _, _ := runTrace(t, plain, "read", "--format", "json", file); strings.Contains(read, `"event"`) || !strings.Contains(read, `"SIGTERM"`) {
			t.Errorf("without --context it reads\n%s", read)
		}
	}
}
