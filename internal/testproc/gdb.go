package testproc

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Build runs compilers in a new directory, and returns the path of what they have made there,
// "prog". In the commands DIR stands for the directory of the sources. It skips the test if
// there is no such compiler.
func Build(tb testing.TB, sources string, commands [][]string) (prog string) {
	tb.Helper()
	sources, err := filepath.Abs(sources)
	if err != nil {
		tb.Fatal(err)
	}
	dir := tb.TempDir()
	for _, command := range commands {
		if _, err := exec.LookPath(command[0]); err != nil {
			tb.Skip(err)
		}
		args := make([]string, 0, len(command))
		for _, a := range command[1:] {
			args = append(args, strings.ReplaceAll(a, "DIR", sources))
		}
		cmd := exec.Command(command[0], args...)
		cmd.Dir = dir
		if text, err := cmd.CombinedOutput(); err != nil {
			tb.Fatalf("%v: %v\n%s", cmd.Args, err, text)
		}
	}
	return filepath.Join(dir, "prog")
}

var (
	gdbThread = regexp.MustCompile(`^Thread \d+ \(.*LWP (\d+)`)
	gdbFrame  = regexp.MustCompile(`^#\d+\s+(?:(?:0x[0-9a-f]+ in )?(.*?) \(|(<signal handler called>))`)
)

// Backtraces returns the functions of each thread of a core by its TID, innermost first, as
// gdb shows them. It skips the test if there is no gdb.
func Backtraces(tb testing.TB, program, core string) map[string][]string {
	tb.Helper()
	if _, err := exec.LookPath("gdb"); err != nil {
		tb.Skip(err)
	}
	cmd := exec.Command("gdb", "-nx", "-batch", "-iex", "set debuginfod enabled off", "-ex", "thread apply all bt", program, core)
	cmd.Env = append(os.Environ(), "HOME=/nonexistent")
	text, err := cmd.CombinedOutput()
	if err != nil {
		tb.Fatalf("gdb: %v\n%s", err, text)
	}
	if testing.Verbose() {
		tb.Logf("%s", text)
	}
	return gdbFunctions(string(text))
}

func gdbFunctions(text string) map[string][]string {
	found := map[string][]string{}
	thread := ""
	for line := range strings.Lines(text) {
		if m := gdbThread.FindStringSubmatch(line); m != nil {
			thread = m[1]
		}
		if m := gdbFrame.FindStringSubmatch(line); m != nil && thread != "" {
			found[thread] = append(found[thread], m[1]+m[2])
		}
	}
	// Where a stack ends without a mark, gdb shows what lies beyond.
	for thread, functions := range found {
		for len(functions) > 0 && functions[len(functions)-1] == "??" {
			functions = functions[:len(functions)-1]
		}
		found[thread] = functions
	}
	return found
}
