package main_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"supervise/supervisor/control/client"
)

// The users of these tests, who are nobody's.
const (
	strangerUID   = 61_001
	memberUID     = 61_002
	commandsGroup = 61_234
)

// all fails a test of whose preparations one has failed.
func all(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// folder makes a directory of a user in the test's, which is closed to writing for others.
func (s *supervised) folder(t *testing.T, name string, uid int) string {
	t.Helper()
	path := filepath.Join(s.dir, name)
	all(t, os.Chmod(s.dir, 0o755), os.MkdirAll(path, 0o755), os.Chown(path, uid, uid))
	return path
}

// give writes a file and gives it to a user.
func give(t *testing.T, file, text string, uid int, mode os.FileMode) string {
	t.Helper()
	all(t, os.WriteFile(file, []byte(text), 0o600), os.Chmod(file, mode), os.Lchown(file, uid, uid))
	return file
}

// TestEnvironmentOfStrangers has the environment files of services be what their users, and
// others, can make of them: nobody gets to see more than he may read, and one that has no
// end holds up nothing.
func TestEnvironmentOfStrangers(t *testing.T) {
	t.Parallel()
	needRoot(t)
	const echo = "[service.%s]\ncommand = [\"sh\", \"-c\", 'echo \"token=$TOKEN\"; exec sleep 1000']\nenvironment-file = \"$DIR/%s\"\nrestart.policy = \"never\"\n"
	as := fmt.Sprintf("user = \"%d\"\n", strangerUID)
	config := "[service.other]\n" + sleeper
	for name, file := range map[string]string{
		"secret": "secret", "link": "his/link", "dir": "his/dir/env", "hard": "his/hard", "fifo": "his/fifo",
		"endless": "his/endless", "large": "his/large", "own": "his/own", "open": "his/open", "admins": "admins-link", "member": "members/env",
	} {
		config += fmt.Sprintf(echo, name, file) + as
	}
	for name, file := range map[string]string{"root-his": "his/own", "root-link": "his/link", "root-own": "secret", "root-everyones": "everyones"} {
		config += fmt.Sprintf(echo, name, file)
	}
	s := prepare(t, entryBuild, config)
	his := s.folder(t, "his", strangerUID) + "/"
	private := s.folder(t, "private", 0)
	give(t, filepath.Join(private, "env"), "TOKEN=of-root-alone\n", 0, 0o644)
	secret := give(t, s.dir+"/secret", "TOKEN=of-root-alone\n", 0, 0o600)
	give(t, s.dir+"/everyones", "TOKEN=of-everyone\n", 0, 0o666)
	give(t, his+"own", "TOKEN=his\n", strangerUID, 0o600)
	give(t, his+"large", strings.Repeat("#\n", 1<<20), strangerUID, 0o600)
	give(t, s.folder(t, "members", memberUID)+"/env", "TOKEN=of-another\n", memberUID, 0o600)
	all(t, os.Chmod(private, 0o700), os.Symlink(secret, his+"link"), os.Symlink(private, his+"dir"), os.Symlink("/proc/kmsg", his+"endless"),
		os.Symlink("/proc/self/environ", his+"open"), os.Link(secret, his+"hard"), unix.Mkfifo(his+"fifo", 0o666), os.Symlink("secret", s.dir+"/admins-link"))
	for _, name := range []string{"link", "dir", "endless", "open"} {
		all(t, os.Lchown(his+name, strangerUID, strangerUID))
	}
	s.launch(t)
	s.await("the start", says("", "supervise starts"))
	for name, want := range map[string]string{
		"secret": "token=of-root-alone", "admins": "token=of-root-alone", "own": "token=his", "root-own": "token=of-root-alone",
	} {
		s.rewind()
		s.await(name+" says what it got", wrote(name, want))
	}
	for name, want := range map[string]string{
		"link": "permission denied", "dir": "permission denied", "hard": "permission denied", "member": "permission denied",
		"endless": "", "open": "", "fifo": "it is a FIFO or pipe", "large": "it is larger than 1 MiB",
		"root-his": "belongs to uid 61001", "root-link": "belongs to uid 61001", "root-everyones": "everyone can write the file",
	} {
		s.rewind()
		l := s.await("why "+name+" cannot start", says(name, "cannot start"))
		if !strings.Contains(l.Message, want) || !strings.Contains(l.Message, s.dir) {
			t.Errorf("%s: %s", name, l.Message)
		}
	}
	s.must(t, "restart", "other", "--timeout", "20s")
	for _, l := range s.stop(t, syscall.SIGTERM) {
		if strings.Contains(l.Line, "of-root-alone") && l.Service != "secret" && l.Service != "admins" && l.Service != "root-own" {
			t.Errorf("%s got %s", l.Service, l.Line)
		}
	}
}

// TestEnvironmentSwapped has the user of a service swap the file while it is running.
func TestEnvironmentSwapped(t *testing.T) {
	t.Parallel()
	needRoot(t)
	s := prepare(t, entryBuild, fmt.Sprintf("[service.web]\ncommand = [\"sh\", \"-c\", 'echo \"token=$TOKEN\"; exec sleep 1000']\nuser = \"%d\"\nenvironment-file = \"$DIR/his/env\"\nrestart.policy = \"never\"\n", strangerUID))
	env := give(t, s.folder(t, "his", strangerUID)+"/env", "TOKEN=his\n", strangerUID, 0o644)
	secret := give(t, s.dir+"/secret", "TOKEN=of-root-alone\n", 0, 0o600)
	s.launch(t)
	s.await("the first", wrote("web", "token=his"))
	all(t, os.Remove(env), os.Symlink(secret, env), os.Lchown(env, strangerUID, strangerUID))
	out, code := s.run(t, "restart", "web", "--timeout", "20s")
	if code != 1 {
		t.Errorf("status %d: %s", code, out)
	}
	s.await("the second", says("web", "permission denied"))
	s.stop(t, syscall.SIGTERM)
}

// TestLogOfStrangers has log files in directories of strangers: nothing is made, written,
// renamed or removed in one that is somebody else's, by a rotation neither.
func TestLogOfStrangers(t *testing.T) {
	t.Parallel()
	needRoot(t)
	config := ""
	files := map[string]string{
		"dir": "his/link/log", "below": "his/link/sub/log", "file": "his/file", "hard": "his/hard", "sticky": "sticky/log",
		"own": "his/log", "admins": "admins/log",
	}
	for name, file := range files {
		config += fmt.Sprintf("[service.%s]\ncommand = [\"sh\", \"-c\", \"echo of %[1]s; exec sleep 1000\"]\nuser = \"%d\"\nlog.file = \"$DIR/%s\"\n", name, strangerUID, file)
	}
	config += fmt.Sprintf("[service.rotated]\ncommand = [\"sh\", \"-c\", 'echo first; read x <$DIR/rotated.fifo; head -c 2000 /dev/zero | tr \"\\0\" \"\\n\"; echo second; exec sleep 1000']\n"+
		"user = \"%d\"\nlog = { file = \"$DIR/his/rotated/a\", max-size = \"1KB\", keep = 2 }\n", strangerUID)
	s := prepare(t, entryBuild, config, withFIFO(t, "rotated.fifo"))
	his := s.folder(t, "his", strangerUID) + "/"
	s.folder(t, "his/sub", strangerUID)
	rotated := s.folder(t, "his/rotated", strangerUID)
	private := s.folder(t, "private", 0)
	s.folder(t, "private/sub", 0)
	secret := give(t, s.dir+"/secret", "secret\n", 0, 0o600)
	sticky := s.folder(t, "sticky", 0)
	logs := s.folder(t, "logs", 0)
	all(t, os.Chmod(sticky, os.ModeSticky|0o777), os.Symlink(private, his+"link"), os.Symlink(secret, his+"file"), os.Link(secret, his+"hard"),
		os.Symlink(logs, s.dir+"/admins"), os.Lchown(his+"link", strangerUID, strangerUID), os.Lchown(his+"file", strangerUID, strangerUID))
	give(t, sticky+"/log", "", memberUID, 0o644)
	for _, name := range []string{"a", "a.1", "a.2"} {
		give(t, filepath.Join(private, name), "of root\n", 0, 0o600)
	}
	s.launch(t)
	for name, why := range map[string]string{
		"dir": "his/link belongs to uid 61001", "below": "his/link belongs to uid 61001", "file": "symbolic link", "hard": "hard links",
		"sticky": "uid 61002",
	} {
		s.rewind()
		if l := s.await(name, says(name, "until its log file can be opened")); !strings.Contains(l.raw, why) {
			t.Errorf("%s: %s", name, l.raw)
		}
		s.await("its line", wrote(name, "of "+name))
	}
	awaitText(t, his+"log", "of own\n")
	awaitText(t, logs+"/log", "of admins\n")
	awaitText(t, rotated+"/a", "first\n")
	all(t, os.Rename(rotated, rotated+".away"), os.Symlink(private, rotated), os.Lchown(rotated, strangerUID, strangerUID))
	s.release(t, "rotated.fifo")
	awaitText(t, rotated+".away/a", "first\n"+strings.Repeat("\n", 2000)+"second\n")
	if text, err := os.ReadFile(secret); string(text) != "secret\n" {
		t.Errorf("%q, %v", text, err)
	}
	for _, name := range []string{"a", "a.1", "a.2"} {
		if text, err := os.ReadFile(filepath.Join(private, name)); string(text) != "of root\n" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	if left, _ := os.ReadDir(private); len(left) != 4 {
		t.Errorf("in the directory of root alone there are %v", left)
	}
	s.stop(t, syscall.SIGTERM)
}

// TestUpdateByMembers has members of control.group name files: they may have put in force
// what is, and what is root's alone, and are told nothing of what is in a file of root's.
func TestUpdateByMembers(t *testing.T) {
	t.Parallel()
	needRoot(t)
	control := fmt.Sprintf("[control]\ngroup = \"%d\"\n", commandsGroup)
	s := prepare(t, entryBuild, control+"[service.web]\n"+sleeper)
	his := s.folder(t, "his", memberUID) + "/"
	ours := s.folder(t, "ours", 0) + "/"
	table := withRuntime(s.runtime, control)
	evil := table + "[service.evil]\n" + sleeper
	give(t, his+"file", evil, memberUID, 0o644)
	good := give(t, ours+"good", table+"[service.web]\n"+sleeper+"[service.good]\n"+sleeper, 0, 0o600)
	give(t, ours+"groups", evil, 0, 0o664)
	give(t, ours+"everyones", evil, 0, 0o666)
	give(t, ours+"secret", "password = \"of-root-alone\"\n", 0, 0o600)
	open := s.folder(t, "open", 0) + "/"
	give(t, open+"file", evil, 0, 0o644)
	all(t, os.Chown(ours+"groups", 0, commandsGroup), os.Chmod(open, 0o777), os.Symlink(good, his+"link"), os.Lchown(his+"link", memberUID, memberUID),
		os.Symlink("good", ours+"link"), os.Symlink("/proc/kmsg", ours+"endless"))
	member := &syscall.Credential{Uid: memberUID, Gid: memberUID, Groups: []uint32{commandsGroup}}
	s.launch(t)
	s.await("the start", says("", "supervise starts"))
	s.awaitRunning(t, "web")
	for file, want := range map[string]string{
		his + "file": "belongs to uid 61002", his + "link": "belongs to uid 61002", ours + "groups": "group 61234 can write",
		ours + "everyones": "everyone can write", open + "file": "everyone can write in the directory",
		ours + "secret": "only the log of supervise says why", ours + "none": "only the log of supervise says why",
		ours + "endless": "only the log of supervise says why", "/dev/zero": "only the log of supervise says why",
	} {
		for _, argv := range [][]string{{entryBuild, "update", file}, {entryBuild, "update", "--dry-run", file}} {
			out, code := s.as(t, member, argv...)
			if code != 1 || !strings.Contains(out, want) || strings.Contains(out, "of-root-alone") {
				t.Errorf("%q: status %d: %s", argv, code, out)
			}
		}
	}
	if out, code := s.as(t, member, "sh", "-c", "echo update "+his+"file >$SUPERVISE_RUNTIME_DIR/control"); code != 0 {
		t.Error(out)
	}
	s.await("the FIFO's is refused", says("", "a command is refused"))
	if out, _ := s.as(t, member, entryBuild, "events"); strings.Contains(out, "of-root-alone") {
		t.Error(out)
	}
	in := s.cmd.Args[len(s.cmd.Args)-1]
	for _, argv := range [][]string{{entryBuild, "update", ours + "link"}, {entryBuild, "update"}, {entryBuild, "update", ours + "link"}, {entryBuild, "update", good}} {
		if out, code := s.as(t, member, argv...); code != 0 {
			t.Errorf("%q: status %d: %s", argv, code, out)
		}
	}
	s.awaitRunning(t, "good")
	if out, code := s.as(t, member, entryBuild, "update", in); code != 0 {
		t.Errorf("the file it was started with: status %d: %s", code, out)
	}
	if out := s.must(t, "status"); strings.Contains(out, "evil") {
		t.Error(out)
	}
	s.stop(t, syscall.SIGTERM)
}

// TestUpdateUnshared has root, whom nobody shares control with, name any file.
func TestUpdateUnshared(t *testing.T) {
	t.Parallel()
	needRoot(t)
	s := prepare(t, entryBuild, "[service.web]\n"+sleeper)
	file := give(t, s.folder(t, "his", memberUID)+"/file", withRuntime(s.runtime, "[service.new]\n"+sleeper), memberUID, 0o664)
	s.launch(t)
	s.await("the start", says("", "supervise starts"))
	s.awaitRunning(t, "web")
	s.must(t, "update", file)
	s.awaitRunning(t, "new")
	s.stop(t, syscall.SIGTERM)
}

// TestReachOfStrangers has a stranger, and a member, try to hold, read or empty whatever
// there is in the runtime directory.
func TestReachOfStrangers(t *testing.T) {
	t.Parallel()
	needRoot(t)
	s := start(t, entryBuild, fmt.Sprintf("[control]\ngroup = \"%d\"\n[service.web]\n%s", commandsGroup, sleeper))
	s.awaitRunning(t, "web")
	stranger := &syscall.Credential{Uid: strangerUID, Gid: strangerUID, Groups: []uint32{strangerUID}}
	member := &syscall.Credential{Uid: memberUID, Gid: memberUID, Groups: []uint32{commandsGroup}}
	for _, script := range []string{
		"exec 3<lock", "exec 3<>lock", "exec 3<>control", "timeout 1 cat control", "exec 3<>services/web/control", "rm lock", "mv lock x", ">new",
		"rm control", "rmdir services/web", "mkfifo services/x", "ln -s /etc/passwd msgq.json.x", "echo >msgq.json", "mv ../runtime ../x",
	} {
		for _, who := range []*syscall.Credential{stranger, member} {
			s.folder(t, ".", 0)
			if out, code := s.as(t, who, "sh", "-c", `cd "$SUPERVISE_RUNTIME_DIR" && `+script); code == 0 || code == 124 {
				t.Errorf("uid %d can %q: %s", who.Uid, script, out)
			}
		}
	}
	s.must(t, "restart", "web", "--timeout", "20s")
	s.stop(t, syscall.SIGTERM)
}

// TestProgramOfStrangers has the directory and the program of a service be links of its user
// to what is root's alone: the service has its own rights, and nothing of it is told.
func TestProgramOfStrangers(t *testing.T) {
	t.Parallel()
	needRoot(t)
	as := fmt.Sprintf("user = \"%d\"\nrestart.policy = \"never\"\n", strangerUID)
	s := prepare(t, entryBuild, "[service.directory]\ndirectory = \"$DIR/his/dir\"\ncommand = \"/bin/pwd\"\n"+as+
		"[service.program]\ncommand = \"$DIR/his/program\"\n"+as+"[service.script]\ncommand = \"$DIR/his/script\"\n"+as)
	his := s.folder(t, "his", strangerUID)
	private := s.folder(t, "private", 0)
	give(t, private+"/program", "#!/secret/interpreter\n", 0, 0o711)
	give(t, s.dir+"/script", "#!/secret/interpreter\n", 0, 0o711)
	all(t, os.Chmod(private, 0o700), os.Symlink(private, his+"/dir"), os.Symlink(private+"/program", his+"/program"), os.Symlink(s.dir+"/script", his+"/script"))
	s.launch(t)
	s.await("the start", says("", "supervise starts"))
	for name, want := range map[string]string{"directory": "permission denied", "program": "permission denied", "script": "no such file or directory"} {
		s.rewind()
		if l := s.await(name, says(name, "cannot start")); !strings.Contains(l.Message, want) || strings.Contains(l.raw, "secret") {
			t.Errorf("%s: %s", name, l.raw)
		}
	}
	s.stop(t, syscall.SIGTERM)
}

// TestNoObjectsLeft has others use up all queues, segments and semaphores that there can be:
// services run, and FIFOs and signals command them.
func TestNoObjectsLeft(t *testing.T) {
	t.Parallel()
	needRoot(t)
	s := prepare(t, entryBuild, "[service.web]\n"+sleeper)
	const none = `cd /proc/sys/kernel && echo 0 >msgmni && echo 0 >shmmni && echo "1 1 1 0" >sem && exec "$@"`
	s.cmd.Args = append([]string{"sh", "-c", none, "sh"}, s.cmd.Args...)
	s.cmd.Path = "/bin/sh"
	s.cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWIPC
	s.launch(t)
	s.await("web is up", up("web"))
	all(t, client.Command(s.runtime, "control", "restart web\n"))
	s.await("web is up again", up("web"))
	for _, l := range s.stop(t, syscall.SIGTERM) {
		if l.Level == "fatal" {
			t.Error(l.raw)
		}
	}
}
