package main_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"supervise/supervisor/status"
)

// shellScripts are what a bash reads before the script of supervise: nothing, functions of
// the package bash-completion that must not be called, or that package if it is installed.
var shellScripts = map[string]string{
	"alone": "",
	"must not be called": `for f in _init_completion _get_comp_words_by_ref _filedir __ltrim_colon_completions; do
	eval "$f() { echo called: $f; }"
done
`,
	"bash-completion": "/usr/share/bash-completion/bash_completion",
}

// completions are what is typed before the tabulator, ^ being the cursor where it is not at
// the end, and the words that are there then.
var completions = map[string]string{
	"supervise stat":                            "status",
	"supervise stat^ web":                       "status web",
	"supervise init --fore":                     "init --foreground",
	"supervise init --forward ki":               "init --forward kill",
	"supervise init --forward=ki":               "init --forward=kill",
	"supervise init --rewrite WINC":             "init --rewrite WINCH",
	"supervise init -g --log-level de":          "init -g --log-level debug",
	"supervise init -g -- zz-uni":               "init -g -- zz-unique",
	"supervise init -- sh serv":                 "init -- sh services.t",
	"supervise status --format=js":              "status --format=json",
	"supervise why wor":                         "why worker@",
	"supervise why worker@1":                    "why worker@12",
	"supervise logs web worker@1":               "logs web worker@12",
	"supervise logs web worker@12 data":         "logs web worker@12 database",
	"supervise signal web SIGWIN":               "signal web SIGWINCH",
	"supervise send web SIGWIN":                 "send web SIGWINCH",
	"supervise send --then WINC":                "send --then WINCH",
	"supervise exec --block TERM,WINC":          "exec --block TERM,WINCH",
	"supervise exec --parent-death-signal=WINC": "exec --parent-death-signal=WINCH",
	"supervise exec --show zz-uni":              "exec --show zz-unique",
	"supervise exec -- sh serv":                 "exec -- sh services.t",
	"supervise check serv":                      "check services.toml",
	"supervise run --log-format=j":              "run --log-format=json",
	"supervise status --runtime-dir runt":       "status --runtime-dir runtime/",
	"supervise status --runtime-dir=runt":       "status --runtime-dir=runtime/",
	"supervise help chec":                       "help check",
	"supervise completion z":                    "completion zsh",
	"supervise check --off":                     "check --offline",
	"supervise check ~/serv":                    "check HOME/services.toml",
	"supervise why worker@1 more":               "why worker@1 more",
	"supervise frobnicate serv":                 "frobnicate services.t",
}

// TestCompleteBash types in a real bash.
func TestCompleteBash(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip(err)
	}
	s := newScripted(t)
	s.mu.Lock()
	for _, name := range []string{"web", "worker@12", "worker@2", "database"} {
		s.services = append(s.services, status.Service{Name: name, State: "running"})
	}
	s.mu.Unlock()
	for name, before := range shellScripts {
		t.Run(name, func(t *testing.T) {
			if strings.HasPrefix(before, "/") {
				if _, err := os.Stat(before); err != nil {
					t.Skip(err)
				}
				before = ". " + before + "\n"
			}
			shell := newShell(t, bash, s.dir)
			shell.write(t, before+". <(supervise completion bash)\n")
			for typed, want := range completions {
				if got := shell.complete(t, typed); got != "supervise "+strings.ReplaceAll(want, "HOME", shell.home) {
					t.Errorf("%q becomes %q, not %q", typed, got, want)
				}
			}
		})
	}
}

// shell is an interactive bash on a terminal.
type shell struct {
	terminal *os.File
	lines    chan string
	home     string
	typed    int
}

func newShell(t *testing.T, bash, runtime string) *shell {
	t.Helper()
	home := t.TempDir()
	for _, dir := range []string{"bin", "runtime"} {
		if err := os.Mkdir(filepath.Join(home, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	writeFile(t, filepath.Join(home, "services.toml"), "")
	writeFile(t, filepath.Join(home, "services.txt"), "")
	writeFile(t, filepath.Join(home, "bin", "zz-unique"), "#!/bin/sh\n")
	if err := os.Chmod(filepath.Join(home, "bin/zz-unique"), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bash, "--norc", "--noprofile", "-i")
	cmd.Dir = home
	cmd.Env = []string{
		"PATH=" + filepath.Dir(entryBuild) + ":" + filepath.Join(home, "bin") + ":" + os.Getenv("PATH"), "HOME=" + home,
		"SUPERVISE_RUNTIME_DIR=" + runtime, "TERM=dumb", "PS1=$ ", "INPUTRC=/dev/null", "HISTFILE=", "LC_ALL=C",
	}
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 50, Cols: 1000})
	if err != nil {
		t.Fatal(err)
	}
	s := &shell{terminal: terminal, lines: make(chan string, 1000), home: home}
	go func() {
		defer close(s.lines)
		for in := bufio.NewScanner(terminal); in.Scan(); {
			s.lines <- in.Text()
		}
	}()
	t.Cleanup(func() {
		s.write(t, "\x15exit\n")
		timer := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		timer.Stop()
		_ = terminal.Close()
	})
	return s
}

func (s *shell) write(t *testing.T, text string) {
	t.Helper()
	if _, err := s.terminal.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// complete types a text and a tabulator, and has the shell print the words of the line then.
func (s *shell) complete(t *testing.T, text string) string {
	t.Helper()
	const home, back, tab = "\x01", "\x02", "\t"
	before, behind, _ := strings.Cut(text, "^")
	s.typed++
	// The two quotes tell the line that is typed from the one that is printed.
	s.write(t, before+behind+strings.Repeat(back, len(behind))+tab+home+fmt.Sprintf("echo words'' of %d: ", s.typed)+"\n")
	timeout := time.After(patience)
	for {
		select {
		case line, ok := <-s.lines:
			if !ok {
				t.Fatal("the shell has ended")
			}
			if _, words, found := strings.Cut(line, fmt.Sprintf("words of %d: ", s.typed)); found {
				return strings.TrimSpace(words)
			}
		case <-timeout:
			t.Fatalf("%q: the shell does not answer", text)
		}
	}
}

// TestCompletionScripts looks whether the scripts for other shells are made for supervise.
func TestCompletionScripts(t *testing.T) {
	for name, want := range map[string]string{"zsh": "compdef _supervise supervise", "fish": "complete -c supervise", "bash": "-F __start_supervise supervise"} {
		cmd := exec.Command(entryBuild, "completion", name)
		out, err := cmd.Output()
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v, no %q", name, err, want)
		}
		for _, foreign := range []string{" _filedir", "_init_completion", "_get_comp_words_by_ref"} {
			if name == "bash" && strings.Contains(string(out), foreign) {
				t.Errorf("the script for bash calls %s, which the package bash-completion has", foreign)
			}
		}
		shell, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		check := exec.Command(shell, "-n")
		check.Stdin = strings.NewReader(string(out))
		if text, err := check.CombinedOutput(); err != nil {
			t.Errorf("%s -n: %v\n%s", name, err, text)
		}
	}
}
