package machine

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestTranscripts plays the scripts in testdata. Their indented lines are what the
// machine answered; with -update they are written anew, to be reviewed as a diff.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, file, play(t, string(text)))
		})
	}
}

// play returns a transcript with the machine's answers as they are now.
func play(t *testing.T, text string) string {
	var out strings.Builder
	s := newScript()
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		if strings.HasPrefix(line, "    ") {
			continue
		}
		out.WriteString(line + "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		answer, err := s.line(line)
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString(answer)
	}
	return out.String()
}

// golden compares with a file, or writes it when -update is given.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; go test . -update writes it", err)
	}
	if got == string(want) {
		return
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i, line := range gotLines {
		if i >= len(wantLines) || line != wantLines[i] {
			have := "nothing"
			if i < len(wantLines) {
				have = wantLines[i]
			}
			t.Fatalf("%s:%d is stale (go test . -update writes it anew):\ngot:  %s\nfile: %s", file, i+1, line, have)
		}
	}
	t.Fatalf("%s is stale: it is longer than what comes out now", file)
}
