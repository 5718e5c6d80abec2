package main_test

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// familyConfig is a service of three processes, one in a session of its own.
const familyConfig = `
[service.family]
environment.SUPERVISE_TEST_ROLE = "family"
`

// awaitFamily waits until all three have set their handlers up.
func (s *supervised) awaitFamily() {
	for _, name := range []string{"main", "near", "far"} {
		s.rewind()
		s.await(name+" is ready", ready("family", name+" ready"))
	}
}

// TestRunLadder takes a family of three down a ladder with every scope. None of them
// minds, so that SIGKILL ends it.
func TestRunLadder(t *testing.T) {
	eachUser(t, func(t *testing.T, as setup) {
		s := start(t, entryBuild, familyConfig+`command = "$HELPER"
stop.ladder = [
  { signal = "SIGUSR1", scope = "main", timeout = "1s" },
  { signal = "SIGUSR2", scope = "group", timeout = "1s" },
  { signal = "SIGHUP", scope = "tree", timeout = "1s" },
]
`, as)
		s.awaitFamily()
		lines := s.stop(t, syscall.SIGTERM)
		got := written(lines, "family")
		got = slices.DeleteFunc(got, func(text string) bool { return strings.Contains(text, "ready") })
		slices.Sort(got)
		want := []string{
			"far hangup",
			"main hangup", "main user defined signal 1", "main user defined signal 2",
			"near hangup", "near user defined signal 2",
		}
		if !slices.Equal(got, want) {
			t.Errorf("the family got %q, want %q", got, want)
		}
		for _, text := range []string{"rung 1 of its ladder timed out", "rung 2 of", "rung 3 of", "killing all of its processes"} {
			if count(lines, says("family", text)) == 0 {
				t.Errorf("nothing says %q", text)
			}
		}
	})
}

// TestRunLadderSurvivors stops a service whose main process ends at the second rung: the
// others get what is left of the ladder, and none of it survives.
func TestRunLadderSurvivors(t *testing.T) {
	eachUser(t, func(t *testing.T, as setup) {
		s := start(t, entryBuild, familyConfig+`command = ["$HELPER", "main=user defined signal 2", "near=user defined signal 2"]
stop.ladder = [
  { signal = "SIGUSR1", scope = "main", timeout = "1s" },
  { signal = "SIGUSR2", scope = "main", timeout = "1s" },
  { signal = "SIGHUP", scope = "main", timeout = "1s" },
]
`, as)
		s.awaitFamily()
		lines := s.stop(t, syscall.SIGTERM)
		got := written(lines, "family")
		for _, want := range []string{"main user defined signal 1", "main user defined signal 2", "near user defined signal 2", "far user defined signal 2", "far hangup"} {
			if !slices.Contains(got, want) {
				t.Errorf("missing: %q in %q", want, got)
			}
		}
		for _, never := range []string{"near user defined signal 1", "far user defined signal 1", "main hangup"} {
			if slices.Contains(got, never) {
				t.Errorf("%q in %q", never, got)
			}
		}
	})
}

// TestRunSurvivors lets a service end that has left processes behind in every way there
// is. Its next generation must not begin before they are gone.
func TestRunSurvivors(t *testing.T) {
	ways := map[string]string{
		"worker":      `sh -c "$STAY" &`,
		"double-fork": `sh -c 'sh -c "$STAY" &' &`,
		"setsid":      `setsid sh -c "$STAY" &`,
		"setsid-fork": `setsid sh -c 'setsid sh -c "$STAY" &' &`,
		"cleared":     `env -i sh -c 'trap "" TERM HUP; echo pid $$; while :; do sleep 1000; done' &`,
		// Only a cgroup knows that this one is the service's.
		"cleared-setsid-fork": `env -i setsid sh -c 'sh -c "trap \"\" TERM HUP; echo pid \$\$; while :; do sleep 1000; done" &' &`,
	}
	const stay = `trap "" TERM HUP; echo pid $$; while :; do sleep 1000; done`
	eachUser(t, func(t *testing.T, as setup) {
		for name, script := range ways {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := start(t, entryBuild, `
[service.daemon]
command = ["sh", "-c", '''`+script+` read x < $DIR/go; exit 1''']
environment.STAY = '''`+stay+`'''
restart.delay = "0s"
stop.timeout = "200ms"
`, as, withFIFO(t, "go"))
				pid := s.awaitPID("daemon")
				s.release(t, "go")
				s.await("the main process ended", says("daemon", "exited with code 1"))
				s.await("the next one", up("daemon"))
				known := name != "cleared-setsid-fork" || count(s.soFar(), func(l line) bool { return l.Descendants == "cgroup" }) > 0
				if known && alive(pid) {
					text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
					t.Errorf("the survivor is still there when the next generation runs: %s", text)
				}
				s.awaitPID("daemon")
				s.stop(t, syscall.SIGTERM)
				if alive(pid) {
					t.Errorf("the survivor %d is still there", pid)
				}
			})
		}
	})
}

// TestRunHeldPipe keeps a service's standard output open, without being the service's: nothing
// waits for that.
func TestRunHeldPipe(t *testing.T) {
	t.Parallel()
	s := start(t, entryBuild, `
[service.leaky]
command = ["sh", "-c", 'echo "pid $$"; read x < $DIR/go; echo last words; exit 1']
restart.delay = "0s"
`, asNobody, withFIFO(t, "go"))
	stdout, err := os.OpenFile("/proc/"+strconv.Itoa(s.awaitPID("leaky"))+"/fd/1", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer stdout.Close()
	s.release(t, "go")
	s.await("the main process ended", says("leaky", "exited with code 1"))
	s.await("the next one", up("leaky"))
	s.rewind()
	s.await("the last line", wrote("leaky", "last words"))
	s.stop(t, syscall.SIGTERM)
}
