package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// withVariables sets variables that supervise is started with.
func withVariables(variables ...string) setup {
	return func(s *supervised) { s.cmd.Env = append(s.cmd.Env, variables...) }
}

// found are the values of variables in an environment, "" for those that are not there.
func found(env []string, names ...string) []string {
	values := make([]string, len(names))
	for i, name := range names {
		for _, entry := range env {
			if value, ok := strings.CutPrefix(entry, name+"="); ok {
				values[i] = value
			}
		}
	}
	return values
}

// TestEnvironmentIsNotTheSupervisors has a service manager, a shell and a login session speak
// to supervise, and looks at what its services and its hooks are told.
func TestEnvironmentIsNotTheSupervisors(t *testing.T) {
	ours := []string{
		"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "INVOCATION_ID", "JOURNAL_STREAM", "SYSTEMD_EXEC_PID",
		"MAINPID", "MANAGERPID", "FDSTORE", "CREDENTIALS_DIRECTORY", "SUPERVISOR_SERVER_URL", "NODE_CHANNEL_FD", "OLDPWD", "_",
	}
	given := []string{"LISTEN_ADDRESS=:80", "WATCHDOG_INTERVAL=3", "PWD=/proc", "OLDPWD=/sys"}
	for _, name := range ours {
		given = append(given, name+"=9")
	}
	eachUser(t, func(t *testing.T, as setup) {
		s := start(t, entryBuild, `
[signals.SIGUSR1]
run = ["env"]
[service.plain]
command = ["env"]
[service.inside]
command = ["env"]
directory = "/usr"
[service.passed]
command = ["env"]
pass-environment = ["NOTIFY_SOCKET", "PWD", "NONE"]
environment = { WATCHDOG_USEC = "1" }
`, as, withVariables(given...))
		for _, service := range []string{"plain", "inside", "passed"} {
			s.rewind()
			s.await(service+" is done", over(service))
		}
		s.signal(t, syscall.SIGUSR1)
		s.await("the hook is done", func(l line) bool { return l.Service == "hook" && strings.HasPrefix(l.Line, "PATH=") })
		lines := s.stop(t, syscall.SIGTERM)
		here, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		none := make([]string, len(ours))
		for service, pwd := range map[string]string{"plain": here, "inside": "/usr", "hook": here} {
			env := written(lines, service)
			if got := found(env, ours...); !slices.Equal(got, none) {
				t.Errorf("%s is told %q: %q", service, got, ours)
			}
			if got, want := found(env, "LISTEN_ADDRESS", "WATCHDOG_INTERVAL", "PWD"), []string{":80", "3", pwd}; !slices.Equal(got, want) {
				t.Errorf("%s is told %q, want %q", service, got, want)
			}
		}
		got := found(written(lines, "passed"), "NOTIFY_SOCKET", "WATCHDOG_USEC", "PWD", "INVOCATION_ID")
		if want := []string{"9", "1", "/proc", ""}; !slices.Equal(got, want) {
			t.Errorf("what is passed: %q, want %q", got, want)
		}
	})
}

// TestEnvironmentIsNotThePersons has services of other users, of one that has no account
// among them, and of the supervisor's own.
func TestEnvironmentIsNotThePersons(t *testing.T) {
	t.Parallel()
	needRoot(t)
	personal := []string{
		"HOME", "USER", "LOGNAME", "SHELL", "MAIL", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "SUDO_USER", "SUDO_UID", "DBUS_SESSION_BUS_ADDRESS",
		"SSH_AUTH_SOCK", "GNUPGHOME", "KRB5CCNAME", "XAUTHORITY", "TMPDIR",
	}
	var given []string
	for _, name := range personal {
		given = append(given, name+"=/tmp/user/0")
	}
	s := start(t, entryBuild, `
[service.number]
command = ["sh", "-c", "env; id -G"]
user = "54321"
[service.number-in-group]
command = ["sh", "-c", "env; id -G"]
user = "54321"
group = "54322"
[service.account]
command = ["env"]
user = "nobody"
[service.own]
command = ["env"]
group = "54322"
[service.passed]
command = ["env"]
user = "nobody"
pass-environment = ["HOME", "XDG_RUNTIME_DIR"]
`, withVariables(given...))
	services := []string{"number", "number-in-group", "account", "own", "passed"}
	for _, service := range services {
		s.rewind()
		s.await(service+" is done", over(service))
	}
	lines := s.stop(t, syscall.SIGTERM)
	none := make([]string, len(personal)-3)
	for service, want := range map[string][]string{
		"number": append([]string{"/", "", ""}, none...), "number-in-group": append([]string{"/", "", ""}, none...),
		"account": append([]string{"/nonexistent", "nobody", "nobody"}, none...),
		"own":     slices.Repeat([]string{"/tmp/user/0"}, len(personal)),
		"passed":  slices.Concat([]string{"/tmp/user/0", "nobody", "nobody", "", "", "/tmp/user/0"}, none[3:]),
	} {
		if got := found(written(lines, service), personal...); !slices.Equal(got, want) {
			t.Errorf("%s is told %q, want %q: %q", service, got, want, personal)
		}
	}
	for service, groups := range map[string]string{"number": "54321", "number-in-group": "54322"} {
		if got := written(lines, service); got[len(got)-1] != groups {
			t.Errorf("%s is in the groups %s, want %s", service, got[len(got)-1], groups)
		}
	}
}

// TestEnvironmentFiles starts services with files as other programs write them. What is left
// out of one is told once, however often the service is started.
func TestEnvironmentFiles(t *testing.T) {
	eachUser(t, func(t *testing.T, as setup) {
		files := []struct{ text, want string }{
			{"spring.url=jdbc:x\n", "spring.url=jdbc:x"},
			{"T=\"tok en\" # note\n", "T=tok en"},
			{`T="say \"hi\""`, `T=say "hi"`},
			{"\ufeffT=bom\r\nU='2'\r\n", "U=2"},
			{"T=one\\\n  two\nU=3\n", "T=one  two"},
			{"; note \\\nexport T='a'\"b\"c\n", "T=abc"},
			{"NONE\nT=1\nT=2\n", "T=2"},
		}
		config := ""
		for i := range files {
			config += fmt.Sprintf("[service.s%d]\ncommand = [\"env\"]\nenvironment-file = \"$DIR/%d.env\"\nrestart = { policy = \"always\", delay = \"10ms\" }\n", i, i)
		}
		s := prepare(t, entryBuild, config, as)
		for i, f := range files {
			writeFile(t, filepath.Join(s.dir, fmt.Sprint(i, ".env")), f.text)
		}
		s.launch(t)
		for i, f := range files {
			for range 2 {
				s.rewind()
				service := fmt.Sprint("s", i)
				s.await(f.want, func(l line) bool { return l.Service == service && l.Line == f.want })
				s.await("the next start", up(service))
			}
		}
		lines := s.stop(t, syscall.SIGTERM)
		if n := count(lines, says("s6", "6.env: line 1: there is no = in it: ignored")); n != 1 {
			t.Errorf("what is left out is told %d times, want once", n)
		}
	})
}

// inUserNamespace has supervise run as root of a user namespace, where setgroups(2) is
// refused, and no other user can be had: user_namespaces(7).
func inUserNamespace(s *supervised) {
	s.cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
	s.cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}
	s.cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}
}

// asNobodyIn is asNobody with a group of its own, as USER 65534:0 in a container.
func asNobodyIn(gid uint32, groups ...uint32) setup {
	return func(s *supervised) {
		s.cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: gid, Groups: groups}
	}
}

// TestUserSelf has the file name the user that supervise is.
func TestUserSelf(t *testing.T) {
	needRoot(t)
	const kept = "supervise may not change groups, which takes CAP_SETGID: the service runs "
	for name, c := range map[string]struct {
		as         setup
		user, note string
		groups     string
	}{
		"root":                       {func(*supervised) {}, "nobody", "", "65534"},
		"nobody":                     {asNobodyIn(nobody), "nobody", "", "65534"},
		"by number":                  {asNobodyIn(nobody), "65534", "", "65534"},
		"in the group of root":       {asNobodyIn(0), "nobody", kept + "without group 65534, and with group 0", "0"},
		"in another group besides":   {asNobodyIn(nobody, 4, 27), "nobody", kept + "with groups 4, 27", "65534 4 27"},
		"root of a user namespace":   {inUserNamespace, "root", "", ""},
		"number in a user namespace": {inUserNamespace, "0", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, entryBuild, fmt.Sprintf(`
[service.web]
command = ["sh", "-c", "id -G; exec sleep 1000"]
user = %q
[service.other]
command = ["true"]
user = "daemon"
`, c.user), c.as)
			s.await("web is up", up("web"))
			s.rewind()
			s.await("other is over", over("other"))
			s.rewind()
			groups := s.await("its groups", func(l line) bool { return l.Service == "web" && l.Line != "" })
			lines := s.stop(t, syscall.SIGTERM)
			if c.groups != "" && groups.Line != c.groups {
				t.Errorf("its groups are %s, want %s", groups.Line, c.groups)
			}
			wanted := 0
			if c.note != "" {
				wanted = 1
			}
			if n := count(lines, says("web", kept)); n != wanted || count(lines, says("web", c.note)) < wanted {
				t.Errorf("the groups are told of %d times, want %q", n, c.note)
			}
			refused := count(lines, says("other", "cannot start: set")) == 1
			if refused == (name == "root") {
				t.Errorf("a service of another user is refused: %v", refused)
			}
		})
	}
}

// TestScriptWithoutInterpreter has one rule for services, hooks and init.
func TestScriptWithoutInterpreter(t *testing.T) {
	eachUser(t, func(t *testing.T, as setup) {
		s := prepare(t, entryBuild, `
[signals.SIGUSR1]
run = ["$DIR/script", "hook"]
[service.script]
command = ["$DIR/script", "service"]
[service.named]
command = ["script", "found"]
environment = { PATH = "$DIR:/bin:/usr/bin" }
[service.binary]
command = ["$DIR/binary"]
`, as)
		for file, text := range map[string]string{"script": "echo ran for $1\n", "binary": "\x7fELF and nothing\n"} {
			if err := os.Chmod(writeFile(t, filepath.Join(s.dir, file), text), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		s.launch(t)
		for service, word := range map[string]string{"script": "service", "named": "found"} {
			s.rewind()
			s.await(service, func(l line) bool { return l.Service == service && l.Line == "ran for "+word })
		}
		s.rewind()
		s.await("the binary", says("binary", "exec format error (it is a program for another kind of machine, or damaged)"))
		s.signal(t, syscall.SIGUSR1)
		s.await("the hook", func(l line) bool { return l.Line == "ran for hook" })
		s.stop(t, syscall.SIGTERM)
	})
}

// TestOrphansToldOnce has a service leave processes behind all the time.
func TestOrphansToldOnce(t *testing.T) {
	eachUser(t, func(t *testing.T, as setup) {
		s := start(t, entryBuild, `
[service.web]
command = ["sh", "-c", "while :; do (true &); sleep 0.05; done"]
`, as)
		for range 30 {
			s.await("an orphan", says("", "reaped an orphan"))
		}
		lines := s.stop(t, syscall.SIGTERM)
		if n := count(lines, says("", "reaped processes that services had left behind")); n != 1 {
			t.Errorf("told %d times, want once", n)
		}
		if last := lines[len(lines)-1]; last.Orphans < 30 {
			t.Errorf("the last line does not tell how many: %s", last.raw)
		}
	})
}
