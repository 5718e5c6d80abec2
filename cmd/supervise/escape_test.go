package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unicode"
	"unicode/utf8"

	"supervise/supervisor/control/request"
	"supervise/supervisor/status"
)

// hostile are names that do something to a terminal, or pretend to be more than a name. The
// kernel's name of a process is the first 15 bytes.
var hostile = map[string]string{
	"window title":   "\x1b]0;p\a\nb: up",
	"C1 in UTF-8":    "a\u009b2J\u009b1;1H",
	"C1 in Latin-1":  "a\x9b2Jb",
	"right to left":  "\u202etxt.hs",
	"a pid more":     "x, uid 0), db",
	"carriage":       "a\rweb is up",
	"line separator": "a\u2028b",
}

// checkShown fails if a text does anything else to a terminal than to be shown in lines.
func checkShown(t *testing.T, what, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("%s is not UTF-8: %q", what, text)
	}
	for _, r := range text {
		if unicode.IsControl(r) && r != '\n' || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp) {
			t.Errorf("%s has %#U: %q", what, r, text)
			return
		}
	}
}

// TestHostileNames has processes with such names survive a stop and send signals: neither
// what the commands print nor the log have them as they are, and JSON has all of them.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	for what, name := range hostile {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			comm := name[:min(len(name), 15)]
			s := prepare(t, entryBuild, `
[signals]
USR1 = "ignore"
[service.web]
command = ["sh", "$DIR/survive"]
directory = "$DIR"
stop.timeout = "200ms"
`)
			// The kernel's name is that of the path which is executed.
			link(t, "sleep", filepath.Join(s.dir, name))
			link(t, "sh", filepath.Join(s.dir, "sh", name))
			writeFile(t, filepath.Join(s.dir, "survive"),
				"(trap '' TERM; exec './"+name+"' 60) & echo ready; trap 'exit 0' TERM; while :; do sleep 0.01; done\n")
			s.launch(t)
			s.await("web", wrote("web", "ready"))
			sender := exec.Command(filepath.Join(s.dir, "sh", name), "-c", `"$0" signal --runtime-dir "$1" web USR2; :`, entryBuild, s.runtime)
			if out, err := sender.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
			kill := exec.Command(filepath.Join(s.dir, "sh", name), "-c", `kill -USR1 "$0"; sleep 0.2`, strconv.Itoa(s.cmd.Process.Pid))
			if out, err := kill.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
			s.await("the signal", says("", "SIGUSR1"))
			out, _ := s.run(t, "restart", "web")
			checkShown(t, "restart", out)
			for _, args := range [][]string{{"why", "web"}, {"events"}, {"status"}, {"logs", "web"}} {
				checkShown(t, args[0], s.must(t, args...))
				text := s.must(t, append(args, "--format", "json")...)
				checkShown(t, args[0]+" as JSON", text)
				if !json.Valid([]byte(strings.ReplaceAll(text, "\n{", ",{"))) && args[0] != "events" && args[0] != "logs" {
					t.Errorf("%s is no JSON: %s", args[0], text)
				}
			}
			named := false
			for _, e := range s.call(t, request.Events{}).Events {
				checkShown(t, "an event", e.Text)
				named = named || e.By != nil && e.By.Name == strings.ToValidUTF8(comm, "\ufffd")
			}
			if !named {
				t.Errorf("no event says that %q sent SIGUSR1", comm)
			}
			for _, l := range s.stop(t, 15) {
				checkShown(t, "the log", l.raw)
			}
		})
	}
}

// link makes a program executable by another name.
func link(t *testing.T, program, name string) {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err == nil {
		err = os.MkdirAll(filepath.Dir(name), 0o777)
	}
	if err == nil {
		err = os.Symlink(path, name)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestHostileOutput has a service write what a terminal obeys: logs shows it, and only --raw
// passes it on.
func TestHostileOutput(t *testing.T) {
	t.Parallel()
	s := start(t, entryBuild, `
[service.web]
command = ["sh", "-c", "printf '\\033]0;pwn\\007\\342\\200\\256evil\\233\\n'; printf '\\033[31mred\\n'; sleep 1000"]
`)
	s.awaitRunning(t, "web")
	s.await("web", func(l line) bool { return l.Service == "web" && strings.Contains(l.Line, "red") })
	if got, want := s.must(t, "logs", "web"), "^[]0;pwn^G<U+202E>evil\ufffd\n\x1b[31mred\x1b[0m\n"; got != want {
		t.Errorf("logs prints %q, want %q", got, want)
	}
	if got := s.must(t, "logs", "--raw", "web"); !strings.HasPrefix(got, "\x1b]0;pwn\a\u202eevil") {
		t.Errorf("logs --raw prints %q", got)
	}
	checkShown(t, "logs as JSON", s.must(t, "logs", "--format", "json", "web"))
	s.stop(t, syscall.SIGTERM)
}

// TestHostileSupervisor asks one that is somebody else's: it may answer anything.
func TestHostileSupervisor(t *testing.T) {
	s := newScripted(t)
	for what, name := range hostile {
		text := strings.ToValidUTF8(name, "\u009b")
		service := status.Service{Name: text, State: text, Wanted: text, Exited: true, Exit: status.Exit{Cause: text}}
		reply := &request.Reply{
			Text: text, Outcomes: []request.Outcome{{Service: text, Result: text, Text: text}},
			Events: []request.Event{{Service: text, Kind: text, Text: text}}, Services: []status.Service{service},
			Lines: []request.Line{{Service: text, Stream: text, Text: text}},
			Plan:  []request.Change{{Action: text, Service: text, Text: text, Keys: []string{text}}},
		}
		for _, args := range [][]string{
			{"status"},
			{"why", "web"},
			{"events"},
			{"logs", "-t", "web"},
			{"start", "web"},
			{"update"},
			{"pause", "web"},
			{"wait", "web"},
			{"signal", "web", "HUP"},
			{"logs", text},
		} {
			s.say(answers{reply})
			out, _ := ask(t, s.dir, args...)
			checkShown(t, what+": "+args[0], out)
			s.say(answers{{Error: &request.Failure{Code: request.Failed, Text: text}}})
			out, _ = ask(t, s.dir, args...)
			checkShown(t, what+": "+args[0]+", which fails", out)
			if args[0] != "update" {
				s.say(answers{reply})
				out, _ = ask(t, s.dir, append(args, "--format", "json")...)
				checkShown(t, what+": "+args[0]+" as JSON", out)
			}
		}
		for _, args := range [][]string{{text}, {"check", text}, {"status", "--runtime-dir", text}, {"help", text}, {"replay", text}, {"init", "--", "/" + text}, {"init", "--log-format", "json", "--", "/" + text}, {"init", "--" + text}} {
			out, _ := ask(t, s.dir, args...)
			checkShown(t, what+": "+strings.Join(args[:len(args)-1], " ")+" and the name", out)
		}
	}
}

// TestHostileDirectory asks in runtime directories that are somebody else's: no file there is
// waited for, read without end, or taken for what it is not.
func TestHostileDirectory(t *testing.T) {
	t.Parallel()
	for what, put := range map[string]func(path string) error{
		"a FIFO":         func(path string) error { return syscall.Mkfifo(path, 0o666) },
		"no end":         func(path string) error { return os.Symlink("/dev/zero", path) },
		"a directory":    func(path string) error { return os.Mkdir(path, 0o755) },
		"a loop":         func(path string) error { return os.Symlink(filepath.Base(path), path) },
		"a depth":        func(path string) error { return os.WriteFile(path, bytes.Repeat([]byte("["), 1<<20), 0o644) },
		"objects of all": func(path string) error { return os.WriteFile(path, []byte(hostileObjects), 0o644) },
	} {
		t.Run(what, func(t *testing.T) {
			for _, name := range []string{"board.json", "msgq.json"} {
				dir := t.TempDir()
				if err := put(filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
				for _, args := range [][]string{{"status"}, {"status", "--board"}, {"status", "--format", "json"}, {"why", "web"}, {"stop", "web"}, {"logs", "web"}} {
					ctx, cancel := context.WithTimeout(t.Context(), patience)
					cmd := exec.CommandContext(ctx, "prlimit", append([]string{"--as=4000000000", entryBuild, "--runtime-dir", dir}, args...)...)
					out, err := cmd.CombinedOutput()
					cancel()
					if code := exitCode(t, err); code != 1 && code != 3 || strings.Count(string(out), "\n") != 1 {
						t.Errorf("%s, %q: status %d, %.200s", name, args, code, out)
					}
				}
			}
		})
	}
}

// hostileObjects names objects that are not there, of an owner who is.
const hostileObjects = `{"version":1,"request":2147483647,"reply":-1,"size":2147483647,"memory":2147483647,"semaphores":-1,"owner":{"pid":1,"start":0}}`
