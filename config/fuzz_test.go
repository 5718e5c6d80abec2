package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"supervise/coredump"
	"supervise/signals"
)

// seeds are the files of testdata/config.
func seeds(t testing.TB) []string {
	paths, err := filepath.Glob(filepath.Join("..", "testdata", "config", "*.toml"))
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(data))
	}
	return texts
}

func FuzzParse(f *testing.F) {
	for _, text := range append(seeds(f), syntaxSeeds()...) {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse("fuzz.toml", data, fakeHost{})
		if err != nil {
			checkErrorIsUsable(t, data, err)
			return
		}
		checkProblems(t, data, file.Warnings)
		checkFile(t, file)
		if changes := Diff(file, file); len(changes) > 0 {
			t.Errorf("a file differs from itself: %v", changes)
		}
	})
}

func checkErrorIsUsable(t *testing.T, data []byte, err error) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || len(e.Problems) == 0 {
		t.Fatalf("error %#v", err)
	}
	checkProblems(t, data, e.Problems)
	for _, r := range e.Error() {
		if r != '\n' && !unicode.IsPrint(r) && !unicode.In(r, unicode.Mn, unicode.Me) {
			t.Errorf("%q in %q", r, e.Error())
		}
	}
}

func checkProblems(t *testing.T, data []byte, problems []Problem) {
	t.Helper()
	lines := strings.Split(strings.TrimPrefix(string(data), "\uFEFF"), "\n")
	last := Problem{Line: 1, Column: 1}
	for _, p := range problems {
		switch {
		case p.Line < 1 || p.Line > len(lines), p.Column < 1 || p.Column > utf8.RuneCountInString(lines[p.Line-1])+1:
			t.Errorf("there is no %d:%d: %s", p.Line, p.Column, p.Message)
		case p.Line < last.Line || p.Line == last.Line && p.Column < last.Column:
			t.Errorf("%d:%d comes after %d:%d", p.Line, p.Column, last.Line, last.Column)
		case p.Message == "" || strings.ContainsAny(p.Message+p.Hint+p.Path, "\n"):
			t.Errorf("not one line: %q, %q, %q", p.Message, p.Hint, p.Path)
		case len(p.Message) > 1000 || len(p.Hint) > 1000:
			t.Errorf("%d and %d bytes: %.100s, %.100s", len(p.Message), len(p.Hint), p.Message, p.Hint)
		case !strings.HasSuffix(p.Caret, "^") || len(p.Source) > 2000 || len(p.Caret) > 2000:
			t.Errorf("caret %q below %q", p.Caret, p.Source)
		}
		last = p
	}
}

// checkFile checks what everybody relies on who gets a File.
func checkFile(t *testing.T, file *File) {
	t.Helper()
	must := func(ok bool, what string) {
		t.Helper()
		if !ok {
			t.Errorf("%s: %s", what, dump(file))
		}
	}
	must(len(file.Services) > 0, "services")
	must(file.Supervisor.ShutdownTimeout > 0 && file.Supervisor.ShutdownTimeout <= maxDuration, "shutdown-timeout")
	must(file.Supervisor.RuntimeDir == "" || file.Supervisor.RuntimeDir[0] == '/', "runtime-dir")
	for s, rule := range file.Signals {
		must(s.Catchable() && s != signals.SIGCHLD && rule > Forward && rule <= Ignore, "signals")
	}
	must(file.Control.Mode&^0o666 == 0 && file.Control.Mode&0o600 == 0o600, "control")
	core := file.Core
	must(file.Supervisor.Recorder < numRecorders, "recorder")
	must(core.Collect < numCollects && core.Timeout >= 0 && core.MaxAge >= 0 && core.MaxUse >= 0 && core.KeepFree >= 0 && core.MaxCore >= 0, "core")
	must((core.Collect == CollectOff || core.Directory != "") && (core.Directory == "" || core.Directory[0] == '/'), "core.directory")
	names := map[string]bool{}
	for _, s := range file.Services {
		must(!names[s.Name] && s.Name != "" && len(s.Name) <= maxName && s.Name != "." && s.Name != ".." && !strings.ContainsAny(s.Name, "/\x00\n "), "name")
		names[s.Name] = true
		must(len(s.Command) > 0 && s.Command[0] != "" && !strings.Contains(strings.Join(s.Command, ""), "\x00"), "command")
		for _, path := range []string{s.Directory, s.EnvironmentFile, s.Log.File} {
			must(path == "" || path[0] == '/' && len(path) <= maxPath && !strings.Contains(path, "\x00"), "path")
		}
		for name, value := range s.Environment {
			must(name != "" && !strings.Contains(name, "=") && !strings.Contains(name+value, "\x00"), "environment")
		}
		must(s.Umask.Mask <= 0o777 && (s.Umask.Set || s.Umask.Mask == 0), "umask")
		checkRestart(must, s.Restart)
		must(s.Reload.Catchable(), "reload")
		must(len(s.Stop.Ladder) > 0 && len(s.Stop.Ladder) <= maxRungs, "ladder")
		for _, r := range s.Stop.Ladder {
			must(r.Signal.Valid() && r.Signal != signals.SIGSTOP && r.Scope <= Tree && r.Timeout >= 0 && r.Timeout <= maxDuration, "rung")
		}
		must(!(s.Signals.Block|s.Signals.Ignore).Has(signals.SIGKILL) && !(s.Signals.Block|s.Signals.Ignore).Has(signals.SIGSTOP), "block and ignore")
		for from, to := range s.Signals.Forward {
			must(from.Catchable() && from != signals.SIGCHLD && to.Catchable(), "forward")
		}
		must(s.Signals.Queue.Limit >= 1 && s.Signals.Queue.WhenFull <= DropNewest, "queue")
		must(s.Core.Filter == nil || *s.Core.Filter <= coredump.All, "filter")
		must(s.Core.MaxUse >= 0 && (s.Core.Rate == Rate{} || s.Core.Rate.Count > 0 && s.Core.Rate.Per > 0), "rate")
		must((s.Log.Mode == ToFile) == (s.Log.File != "") && s.Log.Mode < numLogModes && s.Log.Format <= JSON, "log")
		must(s.Log.MaxSize >= 0 && s.Log.Keep >= 0 && s.Log.MaxAge >= 0 && s.Log.Compress <= Gzip, "rotation")
		must(s.Log.Mode == ToFile || s.Log.Stderr == "" && s.Log.Owner == "" && s.Log.Group == "" && s.Log.Permissions == 0, "file")
		must(s.Log.Permissions == 0 || s.Log.Permissions&^0o066 == 0o600, "permissions")
	}
	for s, command := range file.Commands {
		must(s.Catchable() && s != signals.SIGCHLD && file.Signals[s] == Forward, "the signal of a command")
		checkCommand(must, command, names)
	}
}

// checkCommand checks that a command has all that its verb needs, and nothing else.
func checkCommand(must func(bool, string), c Command, services map[string]bool) {
	must(c.Verb >= CommandStart && c.Verb < numVerbs, "verb")
	must(c.Verb.NamesServices() == (len(c.Services) > 0 || c.FromValue || c.All()) && !(len(c.Services) > 0 && c.FromValue), "services of a command")
	for _, name := range c.Services {
		must(services[name], "service of a command")
	}
	must(c.File == "" || c.Verb == CommandUpdate && c.File[0] == '/', "file of a command")
	must((c.Verb == CommandRun) == (len(c.Argv) > 0 && c.Argv[0] != "" && c.Timeout > 0), "hook")
}

func checkRestart(must func(bool, string), r Restart) {
	must(r.Policy <= Never && r.Delay >= 0 && r.MaxDelay >= r.Delay && r.MaxDelay <= maxDuration, "delays")
	must(r.Factor >= 1 && r.Factor <= maxFactor && r.Jitter >= 0 && r.Jitter <= 1, "factor and jitter")
	must(r.ResetAfter >= 0 && r.ResetAfter <= maxDuration && r.Limit >= 0, "reset-after and limit")
	for _, o := range r.Success {
		must(o.Signal == 0 && o.Code >= 0 && o.Code <= 255 || o.Signal.Valid() && o.Code == 0, "success")
	}
}
