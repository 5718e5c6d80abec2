package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// numbers returns the lines that "seq -f %0100g 1 n" writes.
func numbers(n int) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = fmt.Sprintf("%0100d", i+1)
	}
	return lines
}

// TestRunOutput has services write a megabyte and end at once, in every mode: nothing is
// lost or torn, and the last line needs no newline.
func TestRunOutput(t *testing.T) {
	t.Parallel()
	const n = 10_000 // lines of 101 bytes
	script := fmt.Sprintf(`command = ["sh", "-c", "seq -f %%0100g 1 %d; printf end"]`, n) + "\n"
	s := start(t, entryBuild, `
[service.console]
`+script+`
[service.filed]
`+script+`log = { file = "$DIR/filed", max-size = 0 }
[service.json]
`+script+`log = { file = "$DIR/json", format = "json", max-size = 0 }
[service.rotated]
`+script+`log = { file = "$DIR/rotated", max-size = "100KiB", keep = 3 }
`)
	for _, name := range []string{"console", "filed", "json", "rotated"} {
		s.rewind()
		s.await(name+" has ended", over(name))
	}
	lines := s.stop(t, syscall.SIGTERM)
	want := append(numbers(n), "end")
	if got := written(lines, "console"); !slices.Equal(got, want) {
		t.Errorf("console: %d of %d lines, or not the same", len(got), len(want))
	}
	if got := readLines(t, s.dir+"/filed"); !slices.Equal(got, want) {
		t.Errorf("filed: %d of %d lines, or not the same", len(got), len(want))
	}
	var got []string
	for _, text := range readLines(t, s.dir+"/json") {
		var l struct{ Time, Service, Stream, Line string }
		if err := json.Unmarshal([]byte(text), &l); err != nil || l.Service != "json" || l.Stream != "stdout" || l.Time == "" {
			t.Fatalf("line %q: %v", text, err)
		}
		got = append(got, l.Line)
	}
	if !slices.Equal(got, want) {
		t.Errorf("json: %d of %d lines, or not the same", len(got), len(want))
	}
	got = nil
	for _, suffix := range []string{".3", ".2", ".1", ""} {
		if info, err := os.Stat(s.dir + "/rotated" + suffix); err != nil || info.Size() > 100<<10 {
			t.Errorf("rotated%s: %v, %v", suffix, info, err)
		}
		got = append(got, readLines(t, s.dir+"/rotated"+suffix)...)
	}
	if !slices.Equal(got, want[len(want)-len(got):]) {
		t.Errorf("rotated: the last lines are not the same")
	}
	if _, err := os.Stat(s.dir + "/rotated.4"); err == nil {
		t.Error("more is kept than 3 files")
	}
}

func readLines(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// TestRunInherit has a service write to supervise's own descriptors, unchanged.
func TestRunInherit(t *testing.T) {
	t.Parallel()
	s := start(t, entryBuild, `
[service.plain]
command = ["sh", "-c", 'printf "{\"message\":\"as it is\"}\n"; ls -l /proc/self/fd']
log.mode = "inherit"
`)
	s.await("it has ended", over("plain"))
	s.signal(t, syscall.SIGTERM)
	s.wait(t)
	if n := count(s.all(), func(l line) bool { return l.raw == `{"message":"as it is"}` }); n != 1 {
		t.Errorf("the service's line is there %d times", n)
	}
	// 0, 1, 2, and the directory that ls itself reads.
	n := count(s.all(), func(l line) bool { return strings.HasPrefix(l.raw, "l") })
	if n != 4 {
		t.Errorf("the service has %d descriptors, want 4", n)
	}
}
