package main_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"supervise/supervisor/status"
)

// early runs status and tells whether it was done before the program was initialised.
func early(t *testing.T, dir string, args ...string) (out string, code int, early bool) {
	t.Helper()
	cmd := exec.Command(entryBuild, append([]string{"status"}, args...)...)
	cmd.Env = append(os.Environ(), "SUPERVISE_RUNTIME_DIR="+dir, "GODEBUG=inittrace=1")
	var stdout, trace strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &trace
	code = exitCode(t, cmd.Run())
	if !strings.Contains(trace.String(), "init supervise/signals/intake/boot @") {
		t.Fatalf("there is no trace: %s", trace.String())
	}
	return stdout.String(), code, !strings.Contains(trace.String(), "\ninit os @")
}

// TestQuickStatus has the two ways of status print the same: the plain question, and one with a
// flag that changes nothing.
func TestQuickStatus(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.mu.Lock()
	s.services = testServices()
	s.mu.Unlock()
	const tries = 3 // "SINCE" may change between the two
	for try := 1; ; try++ {
		quick, _, quickEarly := early(t, s.dir)
		usual, _, usualEarly := early(t, s.dir, "--format", "text")
		if !quickEarly || usualEarly {
			t.Errorf("the plain question is early: %v, another one: %v", quickEarly, usualEarly)
		}
		if quick == usual && strings.Count(quick, "\n") == 1+len(s.services) {
			break
		}
		if try == tries {
			t.Fatalf("quick:\n%susual:\n%s", quick, usual)
		}
	}
}

// TestQuickStatusAgain asks again where no answer comes in time, and not where one has come that
// is not plain: one with a text.
func TestQuickStatusAgain(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.mu.Lock()
	s.services = testServices()[:1]
	s.mu.Unlock()
	odd := testServices()[1:2]
	odd[0].Exit.By.Name = "nobody"
	for name, test := range map[string]struct {
		answers answers
		says    string
		asked   int
	}{
		"late":  {answers{nil}, "web", 2},
		"odd":   {answers{{Services: odd, Text: "odd"}}, "SIGKILL by nobody", 1},
		"plain": {answers{{Services: []status.Service{{Name: "x", PID: 1}}}}, "x", 1},
	} {
		text := s.transcript(t, test.answers, "status")
		if strings.Count(text, "-> ") != test.asked || strings.Count(text, "NAME ") != 1 || !strings.Contains(text, "\n"+test.says) && !strings.Contains(text, test.says+"\n") {
			t.Errorf("%s, asked %d times:\n%s", name, test.asked, text)
		}
	}
}
