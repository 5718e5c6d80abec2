package main_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"supervise/internal/testproc"
	"supervise/supervisor/control/request"
)

// early runs status and tells whether it was done before the program was initialised.
func early(t *testing.T, dir string, args ...string) (out string, early bool) {
	t.Helper()
	cmd := exec.Command(entryBuild, append([]string{"status"}, args...)...)
	cmd.Env = append(os.Environ(), "SUPERVISE_RUNTIME_DIR="+dir, "GODEBUG=inittrace=1")
	var stdout, trace strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &trace
	if err := cmd.Run(); err != nil {
		t.Fatalf("status %v: %v: %s", args, err, trace.String())
	}
	if !strings.Contains(trace.String(), "init supervise/signals/intake/boot @") {
		t.Fatalf("there is no trace: %s", trace.String())
	}
	return stdout.String(), !strings.Contains(trace.String(), "\ninit os @")
}

// TestGlance has the two ways of status print the same: the plain question, and one with a
// flag that changes nothing.
func TestGlance(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.mu.Lock()
	s.services = fleet()
	s.mu.Unlock()
	const tries = 3 // "SINCE" may change between the two
	for try := 1; ; try++ {
		quick, quickEarly := early(t, s.dir)
		usual, usualEarly := early(t, s.dir, "--format", "text")
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

// TestUnpinned holds that what was put onto one processor, because it looked like a
// question, may use all again when it turns out to be something else: a status that goes
// on, and an init whose command has that name.
func TestUnpinned(t *testing.T) {
	t.Parallel()
	want := processors(t, "self")
	if !strings.ContainsAny(want, ",-") {
		t.Skip("there is only one processor")
	}
	bin := t.TempDir()
	writeFile(t, filepath.Join(bin, "status"), "#!/bin/sh\nexec grep Cpus_allowed_list: /proc/self/status\n")
	if err := os.Chmod(filepath.Join(bin, "status"), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(entryBuild, "status")
	cmd.Args[0], cmd.Env = "tini", append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	if out, err := cmd.CombinedOutput(); err != nil || !strings.HasSuffix(string(out), ":\t"+want+"\n") {
		t.Errorf("a command of init: %v: %s, want %s", err, out, want)
	}

	s := start(t, entryBuild, "[service.web]\n"+sleeper)
	s.awaitRunning(t, "web")
	watch := exec.Command(entryBuild, "status", "--watch")
	watch.Env = append(os.Environ(), "SUPERVISE_RUNTIME_DIR="+s.runtime)
	out, err := watch.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	testproc.Start(t, watch)
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("%q, %v", line, err)
	}
	pid := strconv.Itoa(watch.Process.Pid)
	threads, err := os.ReadDir("/proc/" + pid + "/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, thread := range threads {
		if got := processors(t, pid+"/task/"+thread.Name()); got != want {
			t.Errorf("a thread of status --watch: %s, want %s", got, want)
		}
	}
	_ = watch.Process.Kill()
	_ = watch.Wait()
	s.stop(t, syscall.SIGTERM)
}

// processors are those that a process or thread may use, as /proc/PID/status lists them.
func processors(t *testing.T, pid string) string {
	t.Helper()
	text, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(text), "\nCpus_allowed_list:\t")
	list, _, _ = strings.Cut(list, "\n")
	return list
}

// TestGlanceAgain asks again where no answer comes in time, and not where one has come that
// is not plain: a letter that JSON writes as an escape.
func TestGlanceAgain(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.mu.Lock()
	s.services = fleet()[:1]
	s.mu.Unlock()
	odd := fleet()[1:2]
	odd[0].Exit.Text = "killed by <nobody>"
	for name, test := range map[string]struct {
		answers answers
		says    string
		asked   int
	}{
		"late":  {answers{nil}, "web", 2},
		"odd":   {answers{{Services: odd}}, "<nobody>", 1},
		"plain": {answers{{Services: []request.Service{{Name: "x", PID: 1}}}}, "x", 1},
	} {
		text := s.transcript(t, test.answers, "status")
		if strings.Count(text, "-> ") != test.asked || strings.Count(text, "NAME ") != 1 || !strings.Contains(text, "\n"+test.says) && !strings.Contains(text, test.says+"\n") {
			t.Errorf("%s, asked %d times:\n%s", name, test.asked, text)
		}
	}
}
