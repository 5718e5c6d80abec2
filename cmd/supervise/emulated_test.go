package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"supervise/internal/testproc"
)

// TestEmulated runs the arm64 builds below an emulator of programs: its entry point, its catcher
// and its relay are assembly that no test on another machine comes by. The emulator knows
// neither pidfds nor subreapers.
func TestEmulated(t *testing.T) {
	t.Parallel()
	emulator, err := exec.LookPath("qemu-aarch64-static")
	if err != nil {
		t.Skip("there is no emulator: Debian's package is qemu-user-static")
	}
	dir := openDir(t)
	for name, tags := range map[string]string{"full": "none", "slim": "slim"} {
		build := exec.Command("go", "build", "-buildvcs=false", "-tags", tags, "-ldflags=-E=_supervise_entry", "-o", filepath.Join(dir, name), ".")
		build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOARCH=arm64")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("go build: %v\n%s", err, out)
		}
	}
	answer := func(trap string) string {
		return `trap 'echo ` + trap + `; kill $!; exit 7' ` + trap + `; sleep 30 & kill -$0 $PPID; wait`
	}
	for name, c := range map[string]struct {
		args   []string
		out    string
		status int
	}{
		"status":      {[]string{"--", "/bin/sh", "-c", "echo it; exit 5"}, "it", 5},
		"missing":     {[]string{"--", "/nonexistent"}, "", 127},
		"forwarded":   {[]string{"--", "/bin/sh", "-c", answer("TERM"), "TERM"}, "TERM", 7},
		"real time":   {[]string{"--", "/bin/bash", "-c", answer("RTMIN+3"), "RTMIN+3"}, "RTMIN+3", 7},
		"rewritten":   {[]string{"--rewrite", "HUP:USR1", "--", "/bin/sh", "-c", answer("USR1"), "HUP"}, "USR1", 7},
		"killed":      {[]string{"--", "/bin/sh", "-c", "kill -KILL $$"}, "", 137},
		"environment": {[]string{"--", "/bin/sh", "-c", "env | grep ^GOMAXPROCS; :"}, "", 0},
	} {
		// As it cannot become subreaper, init needs the Go runtime, unless it is not to.
		for _, build := range []string{"full", "slim", "full --subreaper=false", "slim --subreaper=false"} {
			build, flag, _ := strings.Cut(build, " ")
			argv := append([]string{filepath.Join(dir, build), "init"}, strings.Fields(flag)...)
			cmd := exec.Command(emulator, append(argv, c.args...)...)
			cmd.Env = []string{"PATH=/usr/bin:/bin"}
			var out, told strings.Builder
			cmd.Stdout, cmd.Stderr = &out, &told
			testproc.Start(t, cmd)
			if code := exitCode(t, cmd.Wait()); code != c.status || strings.TrimSpace(out.String()) != c.out {
				t.Errorf("%s, %s %s: status %d, %q, want %d, %q\n%s", name, build, flag, code, out.String(), c.status, c.out, told.String())
			}
		}
	}
	if out, err := exec.Command(emulator, filepath.Join(dir, "full"), "version").CombinedOutput(); err != nil || !strings.Contains(string(out), "linux/arm64, intake mode entry") {
		t.Errorf("version: %v\n%s", err, out)
	}
}
