package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestQuickstart is the first thing that a newcomer does: README.
func TestQuickstart(t *testing.T) {
	eachUser(t, func(t *testing.T, as setup) {
		eachBuild(t, func(t *testing.T, program string) {
			s := prepare(t, program, "", as)
			quickstart(t, s)
			s.launch(t)
			s.checkQuickstart(t)
			s.stop(t, syscall.SIGINT)
		})
	})
	t.Run("go run", func(t *testing.T) {
		t.Parallel()
		s := prepare(t, "go", "")
		s.cmd.Args = append([]string{"go", "run", "./cmd/supervise"}, s.cmd.Args[1:]...)
		s.cmd.Dir = "../.."
		quickstart(t, s)
		s.launch(t)
		s.checkQuickstart(t)
		// As a terminal does, to go and to supervise.
		kill(t, -s.cmd.Process.Pid, syscall.SIGINT)
		s.wait(t) // what go run says after an interrupt is its own
		s.checkEnd(t)
	})
}

// quickstart has s run testdata/quickstart.toml. As root that would use a runtime directory
// that is not the test's, so that it gets another.
func quickstart(t *testing.T, s *supervised) {
	t.Helper()
	file, err := filepath.Abs("../../testdata/quickstart.toml")
	if err != nil {
		t.Fatal(err)
	}
	s.runtime = filepath.Join(s.dir, "supervise") // $XDG_RUNTIME_DIR/supervise
	if os.Geteuid() == 0 && s.cmd.SysProcAttr.Credential == nil {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		const table = "\n[supervisor]\n"
		if !strings.Contains(string(text), table) {
			t.Fatal("there is no table [supervisor]")
		}
		file = writeFile(t, filepath.Join(s.dir, "quickstart.toml"),
			strings.Replace(string(text), table, table+"runtime-dir = \""+s.runtime+"\"\n", 1))
	}
	s.cmd.Args[len(s.cmd.Args)-1] = file
}

// checkQuickstart watches two services come up, and one crash and back off.
func (s *supervised) checkQuickstart(t *testing.T) {
	t.Helper()
	s.await("clock is up", up("clock"))
	s.rewind()
	s.await("idle is up", up("idle"))
	s.rewind()
	s.await("crash writes", wrote("crash", "about to fail"))
	s.await("crash crashes", says("crash", "exited with code 3"))
	s.await("crash backs off", says("crash", "1 restart in a row"))
	s.await("crash is back", up("crash"))
	s.await("crash backs off longer", says("crash", "2 restarts in a row"))
	s.rewind()
	s.await("clock ticks", func(l line) bool { return l.Service == "clock" && strings.HasPrefix(l.Line, "it is ") })
}

// TestText is what a newcomer sees on a terminal, without the terminal.
func TestText(t *testing.T) {
	t.Parallel()
	s := prepare(t, entryBuild, `
[service.web]
command = "sh -c 'echo hello; echo oops >&2; exec sleep infinity'"
`)
	out, err := os.Create(filepath.Join(s.dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	s.cmd = exec.Command(entryBuild, "run", "--log-format", "text", filepath.Join(s.dir, "test.toml"))
	s.enterSandbox(t)
	s.cmd.Stdout = out
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	s.cmd.Stderr = write
	s.launch(t)
	_ = write.Close()
	s.journal = journalOf(t, read)
	s.await("the line of web on standard error", func(l line) bool { return l.raw == "web | oops" })
	s.signal(t, syscall.SIGTERM)
	if status := s.wait(t); status != 0 {
		t.Errorf("status %d", status)
	}
	text, err := os.ReadFile(out.Name())
	if err != nil || string(text) != "web | hello\n" {
		t.Errorf("on standard output: %q %v", text, err)
	}
	for _, l := range s.all() {
		if strings.Contains(l.raw, "\x1b") {
			t.Errorf("colours in what is no terminal: %q", l.raw)
		}
	}
}
