package preflight

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"supervise/config"
	"supervise/coredump/settings"
	"supervise/internal/testproc"
)

func TestMain(m *testing.M) { testproc.Main(m) }

// parse reads a configuration, in which DIR stands for a directory.
func parse(t *testing.T, dir, text string) *config.File {
	t.Helper()
	file, err := config.Parse("test.toml", []byte(strings.ReplaceAll(text, "DIR", dir)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// told is what was found, in order: "error service.web.command: message (hint)".
func told(dir string, findings []Finding) (all []string) {
	for _, f := range findings {
		kind := "warning"
		if f.Error {
			kind = "error"
		}
		text := fmt.Sprintf("%s %s: %s (%s)", kind, strings.Join(f.Key, "."), f.Message, f.Hint)
		all = append(all, strings.ReplaceAll(text, dir, "DIR"))
	}
	slices.Sort(all)
	return all
}

// place is a directory that every user can get to.
func place(t *testing.T, files map[string]os.FileMode) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, mode := range files {
		path := filepath.Join(dir, name)
		text := "#!/bin/sh\n" // a comment of an environment file, too
		if strings.HasSuffix(name, ".py") {
			text = "#!/nonexistent/python\n"
		}
		if strings.HasSuffix(name, ".env") {
			text = "no assignment\n"
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestLook has one thing missing at a time.
func TestLook(t *testing.T) {
	dir := place(t, map[string]os.FileMode{"bin/web": 0o755, "plain": 0o644, "app.py": 0o755, "env": 0o600, "bad.env": 0o600, "sub/tool": 0o755})
	if err := os.WriteFile(filepath.Join(dir, "env"), []byte("PATH="+dir+"/sub\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`command = "web"`:                             "",
		`command = "DIR/bin/web"`:                     "",
		`command = "/bin/true"` + "\n" + `user = "0"`: "",
		`command = "wbe"`: `error service.web.command: service "web" cannot start: find wbe in PATH: no such file or directory (/none:DIR/bin) ` +
			`(install it, write its whole path, or set PATH in its environment)`,
		`command = "web"` + "\n" + `environment.PATH = "/none"`: `error service.web.command: service "web" cannot start: find web in PATH: no such file or directory (/none)`,
		`command = "tool"`: `error service.web.command: service "web" cannot start: find tool in PATH`,
		`command = "tool"` + "\n" + `environment-file = "DIR/env"`: "",
		`command = "DIR/none"`:  `error service.web.command: service "web" cannot start: execve DIR/none: no such file or directory (install what is missing, or write the path where it is`,
		`command = "DIR/plain"`: `error service.web.command: service "web" cannot start: execve DIR/plain: permission denied (nobody may execute it: chmod +x)`,
		`command = "DIR/app.py"`: `error service.web.command: service "web" cannot start: execve DIR/app.py: no such file or directory ` +
			`(the file is there, but not its interpreter "/nonexistent/python")`,
		`command = "./tool"` + "\n" + `directory = "DIR/sub"`: "",
		`command = "./tool"` + "\n" + `directory = "DIR/bin"`: `error service.web.command: service "web" cannot start: execve DIR/bin/tool: no such file`,
		`command = "./tool"` + "\n" + `directory = "DIR/no"`:  `error service.web.directory: service "web" cannot start: there is no directory "DIR/no" (make it`,
		`command = "web"` + "\n" + `directory = "DIR/env"`:    `error service.web.directory: service "web" cannot start: "DIR/env" is no directory`,
		`command = "web"` + "\n" + `directory = "DIR/env/x"`:  `error service.web.directory: service "web" cannot start: cannot look at its directory: stat DIR/env/x: not a directory`,
		`command = "web"` + "\n" + `environment-file = "DIR/no.env"`: `error service.web.environment-file: service "web" cannot start: cannot read the environment file DIR/no.env: ` +
			`open: no such file or directory (make it, or remove the key: it is read at each start)`,
		`command = "web"` + "\n" + `environment-file = "DIR/bad.env"`: `warning service.web.environment-file: service "web": environment file DIR/bad.env: line 1`,
		`command = "web"` + "\n" + `log.file = "DIR/web.log"`:         "",
		`command = "web"` + "\n" + `log.file = "DIR/no/web.log"`: `warning service.web.log.file: service "web": cannot open log file "DIR/no/web.log": open DIR/no: no such file or directory ` +
			`(make its directory; until it can, the output goes to that of supervise`,
		`command = "web"` + "\n" + `startup = "disabled"` + "\n" + `directory = "DIR/no"`:                           `error service.web.directory`,
		`command = "web"` + "\n[signals]\n" + `SIGUSR1 = { run = "hook" }`:                                          `warning signals.SIGUSR1.run: the program of SIGUSR1 cannot be run: find hook in PATH`,
		`command = "web"` + "\n[signals]\n" + `SIGUSR1 = { run = "web" }` + "\n" + `SIGUSR2 = { update = "DIR/x" }`: `warning signals.SIGUSR2.update: the file of SIGUSR2: stat DIR/x: no such file or directory`,
		`command = "web"` + "\n[core]\n" + `on-core = "hook"`:                                                       `warning core.on-core: the program of on-core cannot be run: find hook in PATH`,
		`command = "web"` + "\n[core]\n" + `on-core = "web"`:                                                        "",
		`command = "web"` + "\n[supervisor]\n" + `journal = "DIR/no/journal"`:                                       `warning supervisor.journal: cannot open the journal: stat DIR/no`,
	} {
		if os.Geteuid() != 0 && strings.Contains(text, "user =") {
			continue
		}
		file := parse(t, dir, "[service.web]\n"+text+"\n")
		got := told(dir, Look(file, []string{"PATH=/none:" + dir + "/bin"}, time.Minute))
		switch {
		case want == "" && len(got) > 0, want != "" && len(got) != 1, want != "" && !strings.HasPrefix(got[0], want):
			t.Errorf("%s\n%s\nwant %s", text, strings.Join(got, "\n"), want)
		}
	}
}

// TestDumpable warns of what the kernel has to be set to, unless supervise will set it.
func TestDumpable(t *testing.T) {
	kernel, err := settings.Read()
	if err != nil {
		t.Skip(err)
	}
	dir := place(t, map[string]os.FileMode{"bin/web": 0o755})
	const text = "[service.web]\ncommand = \"web\"\ncore.dumpable = true\n[core]\n"
	for install, want := range map[string]string{
		"install = true":  "",
		"install = false": `warning service.web.core.dumpable: there are no cores of processes that have changed their user or group: fs.suid_dumpable is `,
	} {
		got := strings.Join(told(dir, Look(parse(t, dir, text+install+"\n"), []string{"PATH=" + dir + "/bin"}, time.Minute)), "\n")
		if kernel.SuidDumpable == 2 {
			want = ""
		}
		if !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%s: %s, want %s", install, got, want)
		}
	}
}

// TestLookAsAnother has services of another user, whose rights are tried as root and cannot be
// by anybody else.
func TestLookAsAnother(t *testing.T) {
	dir := place(t, map[string]os.FileMode{"bin/web": 0o755, "bin/secret": 0o700, "own/env": 0o600, "closed/file": 0o644})
	const another = 61_001
	root := os.Geteuid() == 0
	if root {
		if err := errors.Join(os.Chown(filepath.Join(dir, "own"), another, another), os.Chown(filepath.Join(dir, "own/env"), another, another)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Chmod(filepath.Join(dir, "closed"), 0o700), os.WriteFile(filepath.Join(dir, "own/env"), []byte("A=1\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`command = "DIR/bin/web"`:                                             "",
		`command = "DIR/bin/secret"`:                                          `error service.web.command: service "web" cannot start: user "61001" may not execute "DIR/bin/secret": permission denied`,
		`command = "DIR/bin/web"` + "\n" + `directory = "DIR/own"`:            "",
		`command = "DIR/bin/web"` + "\n" + `directory = "DIR/closed"`:         `error service.web.directory: service "web" cannot start: user "61001" may not enter directory "DIR/closed": permission denied`,
		`command = "DIR/bin/web"` + "\n" + `environment-file = "DIR/own/env"`: "",
	} {
		got := told(dir, Look(parse(t, dir, "[service.web]\nuser = 61001\n"+text+"\n"), nil, time.Minute))
		if !root {
			want = "warning service.web.user: not tried, as only root can: what other users may do, which is for service \"web\""
		}
		if want == "" && len(got) > 0 || want != "" && (len(got) != 1 || !strings.HasPrefix(got[0], want)) {
			t.Errorf("%s\n%s\nwant %s", text, strings.Join(got, "\n"), want)
		}
	}
	if !root {
		return
	}
	got := told(dir, Look(parse(t, dir, "[service.web]\ncommand = 'DIR/bin/web'\nenvironment-file = 'DIR/own/env'\n"), nil, time.Minute))
	if len(got) != 1 || !strings.HasPrefix(got[0], "error service.web.environment-file: ") || !strings.Contains(got[0], "belongs to uid 61001") {
		t.Errorf("the file of a stranger: %q", got)
	}
}

// TestNotRoot looks at what this user may not see: it is not said to be missing.
func TestNotRoot(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may see everything")
	}
	dir := place(t, map[string]os.FileMode{"closed/web": 0o755})
	closed := filepath.Join(dir, "closed")
	if err := os.Chmod(closed, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(closed, 0o700) })
	file := parse(t, dir, "[service.web]\ncommand = 'DIR/closed/web'\ndirectory = 'DIR/closed/x'\n")
	got := told(dir, Look(file, nil, time.Minute))
	if len(got) != 2 || !strings.HasPrefix(got[0], "warning service.web.command: ") || !strings.HasPrefix(got[1], "warning service.web.directory: ") ||
		!strings.Contains(got[0], "may not look") {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
}

// TestDeadMount has a file system whose server does not answer: what is elsewhere is looked at
// all the same, and the time is kept.
func TestDeadMount(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnNamespace) {
		return
	}
	dir := place(t, map[string]os.FileMode{"web": 0o755})
	dead := filepath.Join(dir, "dead")
	testproc.MountDead(t, dead)
	file := parse(t, dir, `
[service.dir]
command = "DIR/web"
directory = "DIR/dead/x"
[service.env]
command = "DIR/web"
environment-file = "DIR/dead/env"
[service.path]
command = "web"
environment.PATH = "DIR/dead:DIR"
[service.missing]
command = "DIR/none"
[service.log]
command = "DIR/web"
log.file = "DIR/dead/log"
`)
	began := time.Now()
	got := told(dir, Look(file, nil, 500*time.Millisecond))
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	want := []string{
		`error service.dir.directory: service "dir": directory "DIR/dead/x" has not answered for 500ms`,
		`error service.env.environment-file: service "env": environment file "DIR/dead/env" has not answered`,
		`error service.log.log: service "log": log file "DIR/dead/log" has not answered`,
		`error service.missing.command: service "missing" cannot start: execve DIR/none: no such file`,
		`error service.path.command: service "path": program "web", or a directory of PATH has not answered`,
	}
	if !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
}

// TestMany looks at many services, some of them late.
func TestMany(t *testing.T) {
	jobs := make([]job, 100)
	for i := range jobs {
		jobs[i].spec = &config.Service{Name: fmt.Sprint("s", i)}
	}
	results := make(chan result, len(jobs))
	for i := range 98 {
		results <- result{index: i, untried: i < 7}
	}
	jobs[98].stage.Store(&stage{"directory", `directory "/x"`})
	got := told("/none", collect(jobs, results, time.Millisecond))
	want := []string{
		`error service.s98.directory: service "s98": directory "/x" has not answered for 1ms`,
		`warning service.s0.user: not tried, as only root can: what other users may do, which is for service "s0", service "s1", service "s2", service "s3", service "s4", 2 more`,
		`warning service.s99: service "s99": not looked at: too much else does not answer`,
	}
	if !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
}
