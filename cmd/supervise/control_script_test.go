package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestControlScript runs the scripts of testdata/script/control, each with a supervisor of
// its own that supervises what its services.toml says. UPDATE_SCRIPTS=1 writes what was
// printed into them.
func TestControlScript(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/script/control/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			s := start(t, entryBuild, member(t, file, "services.toml"))
			t.Cleanup(func() {
				signal := syscall.SIGTERM // if the script has not ended it
				if t.Failed() {
					signal = syscall.SIGQUIT
				}
				_ = s.cmd.Process.Signal(signal)
				s.end(t)
			})
			testscript.Run(t, testscript.Params{
				Files:         []string{file},
				UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
				Setup: func(env *testscript.Env) error {
					env.Setenv("PATH", filepath.Dir(entryBuild)+":"+env.Getenv("PATH"))
					env.Setenv("SUPERVISE_RUNTIME_DIR", s.runtime)
					env.Setenv("CONFIG", filepath.Join(s.dir, "test.toml"))
					env.Setenv("TZ", "UTC")
					return nil
				},
				Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
					"exits": exits, "json": isJSON, "jsonlines": isJSONLines,
				},
			})
		})
	}
}

// member is the text of a file in a script.
func member(t *testing.T, file, name string) string {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	t.Fatalf("%s has no %s", file, name)
	return ""
}

// jsonlines FILE looks whether each line of a file, or of stdout, is one JSON object.
func isJSONLines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: jsonlines FILE")
	}
	text := ts.ReadFile(args[0])
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "{") || !strings.HasSuffix(line, "}\n") || !json.Valid([]byte(line)) {
			ts.Fatalf("not an object: %q", line)
		}
	}
	if text == "" {
		ts.Fatalf("no line")
	}
}
