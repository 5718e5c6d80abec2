package safefile

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/testproc"
)

func TestMain(m *testing.M) {
	testproc.Role("read", readRole)
	testproc.Main(m)
}

// readRole reads files by a rule of that number, and says which of them it could.
func readRole(args []string) int {
	for _, path := range args[1:] {
		if _, err := Read(path, 100, Rule(args[0][0]-'0')); err == nil {
			fmt.Println(path)
		}
	}
	return 0
}

// readElsewhere plays that role in a process of its own. The binary is run by what a process
// has of itself: its path is closed to other users.
func readElsewhere(t *testing.T, rule Rule, where *syscall.SysProcAttr, paths ...string) (could []string) {
	t.Helper()
	cmd := testproc.Command(t, "read", append([]string{strconv.Itoa(int(rule))}, paths...)...)
	cmd.Path, cmd.SysProcAttr = "/proc/self/exe", where
	out, err := cmd.Output()
	if errors.Is(err, unix.EPERM) && where.Cloneflags != 0 {
		t.Skip("no user namespaces here:", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}

const (
	stranger = 61_001
	reader   = 61_002
	group    = 61_234
)

// place is a directory of a test, whose owner alone can write in it: what its methods make
// is root's, or that of who runs the test.
type place struct {
	t   *testing.T
	dir string
}

func newPlace(t *testing.T) place {
	t.Helper()
	dir := t.TempDir()
	for _, path := range []string{filepath.Dir(dir), dir} { // 0700 else, and reader is to get in
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return place{t, dir}
}

func (p place) must(errs ...error) {
	p.t.Helper()
	if err := errors.Join(errs...); err != nil {
		p.t.Fatal(err)
	}
}

func (p place) in(name string) string { return filepath.Join(p.dir, name) }

func (p place) folder(name string, mode uint32) string {
	p.t.Helper()
	p.must(os.MkdirAll(p.in(name), 0o755), unix.Chmod(p.in(name), mode))
	return p.in(name)
}

func (p place) file(name, text string, mode uint32) string {
	p.t.Helper()
	p.must(os.MkdirAll(filepath.Dir(p.in(name)), 0o755), os.WriteFile(p.in(name), []byte(text), 0o600), unix.Chmod(p.in(name), mode))
	return p.in(name)
}

func (p place) link(name, to string) string {
	p.t.Helper()
	p.must(os.MkdirAll(filepath.Dir(p.in(name)), 0o755), os.Symlink(to, p.in(name)))
	return p.in(name)
}

// give makes a stranger the owner.
func (p place) give(names ...string) {
	p.t.Helper()
	for _, name := range names {
		p.must(os.Lchown(p.in(name), stranger, stranger))
	}
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("to give files to others takes root")
	}
}

// TestRead tries every kind of path with every rule, as root and as a user to whom root's
// files are nobody's who could want anything. The letters are those of the rules that refuse
// it: o of Ours, a of OursAlone, l of OurLinks.
func TestRead(t *testing.T) {
	needRoot(t)
	p := newPlace(t)
	p.file("secret", "secret", 0o644)
	cases := map[string]string{}
	add := func(path, refused string) { cases[path] = refused }

	add(p.file("plain", "secret", 0o644), "")
	add(p.link("own-link", "plain"), "")
	add(p.link("own-chain", p.in("own-link")), "")
	add(p.file("sub/file", "secret", 0o644), "")
	add(p.link("dir-link", "sub")+"/file", "")
	add(p.link("up-link", "sub/../plain"), "")

	add(p.file("his-file", "secret", 0o644), "oa")
	p.give("his-file")
	add(p.link("his-link", "secret"), "oal")
	p.give("his-link")
	add(p.link("to-his-link", "his-link"), "oal")
	add(p.link("his-dir-link", "sub")+"/file", "oal")
	p.give("his-dir-link")
	add(p.file("his/file", "secret", 0o644), "oa")
	add(p.link("his/roots-link", "../secret"), "oal")
	add(p.file("his/sub/file", "secret", 0o644), "oa")
	p.give("his")

	add(p.file("everyones", "secret", 0o666), "oa")
	add(p.file("groups", "secret", 0o664), "a")
	p.must(os.Chown(p.in("groups"), 0, group))
	add(p.file("open/file", "secret", 0o644), "a")
	add(p.link("open/link", "file"), "oal")
	p.folder("open", 0o777)
	add(p.file("sticky/file", "secret", 0o644), "")
	add(p.link("sticky/link", "file"), "")
	add(p.file("sticky/his", "secret", 0o644), "oa")
	add(p.file("sticky/names", "secret", 0o644), "oa")
	p.must(os.Link(p.in("sticky/names"), p.in("sticky/names2")))
	p.give("sticky/his")
	p.folder("sticky", 0o1777)
	add(p.file("shared/file", "secret", 0o644), "a")
	p.folder("shared", 0o775)
	p.must(os.Chown(p.in("shared"), 0, group))

	paths := slices.Sorted(maps.Keys(cases))
	as := &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: reader, Gid: reader}}
	for rule, letter := range map[Rule]string{Named: "-", OurLinks: "l", Ours: "o", OursAlone: "a"} {
		could := readElsewhere(t, rule, as, paths...)
		for _, path := range paths {
			want := !strings.Contains(cases[path], letter)
			if slices.Contains(could, path) != want {
				t.Errorf("rule %d, %s: as a user: %v", rule, path, !want)
			}
			text, err := Read(path, 100, rule)
			var why *RefusedError
			switch {
			case want && (err != nil || string(text) != "secret"):
				t.Errorf("rule %d, %s: %q, %v", rule, path, text, err)
			case !want && (!errors.As(err, &why) || text != nil):
				t.Errorf("rule %d, %s: %q, %v, want it refused", rule, path, text, err)
			case !want && (why.Path != path || !strings.Contains(err.Error(), why.Component) || !strings.Contains(err.Error(), ", or name another path")):
				t.Errorf("rule %d, %s: not clear: %v", rule, path, err)
			}
		}
	}
}

// TestReadNoFile refuses what is no regular file, is too long, or never ends, by all rules.
func TestReadNoFile(t *testing.T) {
	p := newPlace(t)
	p.must(unix.Mkfifo(p.in("fifo"), 0o600))
	p.file("long", strings.Repeat("x", 101), 0o600)
	p.file("fits", strings.Repeat("x", 100), 0o600)
	p.link("loop", "loop")
	p.link("away", "nowhere")
	p.folder("folder", 0o755)
	for path, want := range map[string]string{
		p.in("fifo"):           "it is a FIFO or pipe, not a regular file",
		p.in("folder"):         "it is a directory, not a regular file",
		"/":                    "it is a directory, not a regular file",
		"/dev/zero":            "it is a device, not a regular file",
		p.in("long"):           "it is larger than 100 bytes",
		p.in("fits"):           "",
		p.in("fits") + "/":     "",
		p.in("loop"):           "too many levels of symbolic links",
		p.in("away"):           "no such file or directory",
		p.in("fits/below"):     "not a directory",
		p.in("none"):           "no such file or directory",
		"":                     "no such file or directory",
		"/proc/self/mountinfo": "it is larger than 100 bytes",
	} {
		for _, rule := range []Rule{Named, OurLinks, Ours, OursAlone} {
			if strings.HasSuffix(path, "/") && rule == Named && path != "/" {
				continue // the kernel finds a directory missing
			}
			_, err := Read(path, 100, rule)
			if want == "" && err == nil {
				continue
			}
			if want == "" || err == nil || !strings.HasSuffix(err.Error(), want) {
				t.Errorf("rule %d, %q: %v, want %q", rule, path, err, want)
			}
		}
	}
}

// TestReadEndless meets the kernel's log, which is a regular file without an end.
func TestReadEndless(t *testing.T) {
	const endless = "/proc/kmsg"
	fd, err := unix.Open(endless, reading, 0)
	if err != nil {
		t.Skip(endless, err)
	}
	_ = unix.Close(fd)
	for _, rule := range []Rule{Named, Ours} {
		began := time.Now()
		if _, err := Read(endless, 1<<20, rule); err == nil {
			t.Errorf("rule %d: it has an end", rule)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("rule %d: took %v", rule, took)
		}
	}
}

// rightsOf are the lines of /proc/PID/status that say what each of our threads may do.
func rightsOf(t *testing.T) []string {
	t.Helper()
	tasks, err := filepath.Glob("/proc/self/task/*/status")
	if err != nil || len(tasks) == 0 {
		t.Fatal(tasks, err)
	}
	var all []string
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err != nil {
			continue // it has ended
		}
		own := ""
		for line := range strings.Lines(string(text)) {
			for _, name := range []string{"Uid:", "Gid:", "Groups:", "CapEff:", "CapPrm:", "CapInh:"} {
				if strings.HasPrefix(line, name) {
					own += line
				}
			}
		}
		if !slices.Contains(all, own) {
			all = append(all, own)
		}
	}
	return all
}

// TestReadAs reads what a user may read, and no more, and leaves no thread with that
// user's rights.
func TestReadAs(t *testing.T) {
	needRoot(t)
	before := rightsOf(t)
	p := newPlace(t)
	who := User{UID: stranger, GID: stranger, Groups: []uint32{stranger, group}}
	p.file("secret", "secret", 0o600)
	hidden := p.file("hidden/file", "secret", 0o644)
	p.folder("hidden", 0o700)
	p.file("groups", "text", 0o640)
	p.must(os.Chown(p.in("groups"), 0, group))
	p.file("his/file", "text", 0o600)
	p.link("his/to-secret", "../secret")
	p.link("his/to-hidden", hidden)
	p.link("his/to-own", "file")
	p.link("his/to-environ", "/proc/self/environ")
	p.must(unix.Mkfifo(p.in("his/fifo"), 0o644))
	p.give("his", "his/file", "his/to-secret", "his/to-hidden", "his/to-own", "his/to-environ", "his/fifo")
	open, err := os.Open(p.in("secret"))
	p.must(err)
	defer open.Close()
	p.link("his/to-open", fmt.Sprintf("/proc/self/fd/%d", open.Fd()))
	for name, want := range map[string]string{
		"his/file": "", "his/to-own": "", "groups": "", "secret": "permission denied", "hidden/file": "permission denied",
		"his/to-secret": "permission denied", "his/to-hidden": "permission denied", "his/to-environ": "denied",
		"his/to-open": "", "his/fifo": "it is a FIFO or pipe, not a regular file",
	} {
		text, err := ReadAs(who, p.in(name), 100)
		switch {
		case strings.Contains(string(text), "secret"), want != "" && err == nil:
			t.Errorf("%s: %q", name, text)
		case name == "his/to-open" && err == nil:
			t.Errorf("what another has open: %q", text)
		case want == "" && name != "his/to-open" && (err != nil || string(text) != "text"):
			t.Errorf("%s: %q, %v", name, text, err)
		case want != "" && (!strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "uid 61001")):
			t.Errorf("%s: %v", name, err)
		}
	}
	done := make(chan struct{})
	for range 20 {
		go func() {
			_, _ = ReadAs(who, p.in("his/file"), 100)
			done <- struct{}{}
		}()
	}
	for range 20 {
		<-done
	}
	if after := rightsOf(t); !slices.Equal(before, after) {
		t.Errorf("the threads had\n%s, and have\n%s", before, after)
	}
	if _, err := os.ReadFile(p.in("secret")); err != nil {
		t.Error(err)
	}
}

// TestReadAsRefused is told by a process that may not become anybody.
func TestReadAsRefused(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may")
	}
	p := newPlace(t)
	if text, err := ReadAs(User{UID: stranger, GID: stranger}, p.file("f", "text", 0o644), 100); err == nil || !strings.Contains(err.Error(), "cannot become uid 61001") {
		t.Errorf("%q, %v", text, err)
	}
}

// TestSwapped has a stranger swap a directory, and a file, for links all the time.
func TestSwapped(t *testing.T) {
	needRoot(t)
	p := newPlace(t)
	p.file("secret/file", "secret", 0o600)
	p.folder("secret", 0o700)
	p.file("his/dir/file", "text", 0o644)
	p.link("his/other", "../secret")
	p.give("his", "his/dir", "his/dir/file", "his/other")
	var stop atomic.Bool
	swapped := make(chan int)
	go func() {
		n := 0
		for ; !stop.Load(); n++ {
			_ = unix.Renameat2(unix.AT_FDCWD, p.in("his/dir"), unix.AT_FDCWD, p.in("his/other"), unix.RENAME_EXCHANGE)
			runtime.Gosched()
		}
		swapped <- n
	}()
	read := 0
	for range 2000 {
		if text, err := Read(p.in("his/dir/file"), 100, OurLinks); err == nil {
			if read++; string(text) != "text" {
				t.Fatalf("read %q", text)
			}
		}
		dir, err := OpenDir(p.in("his/dir"), OurLinks)
		if err != nil {
			continue
		}
		if fd, err := dir.OpenLog("log", unix.O_WRONLY|unix.O_CREAT, 0o640); err == nil {
			_ = unix.Close(fd)
		}
		dir.Close()
	}
	stop.Store(true)
	t.Logf("swapped %d times, read %d", <-swapped, read)
	if _, err := os.Stat(p.in("secret/log")); err == nil {
		t.Error("a file was made in the directory that is root's")
	}
}

// TestOpenDir follows links of ours alone, with openat2 and without it.
func TestOpenDir(t *testing.T) {
	needRoot(t)
	p := newPlace(t)
	p.folder("dir", 0o755)
	p.link("link", "dir")
	p.folder("his/dir", 0o755)
	p.folder("his/roots/sub", 0o755)
	p.link("his/link", "../dir")
	p.link("his/own", "dir")
	p.link("up", "his/dir/../../dir")
	p.give("his", "his/dir", "his/link", "his/own")
	test := func() {
		for name, refused := range map[string]string{
			"dir": "", "link": "", "his": "", "his/dir": "", "his/roots/sub": "",
			"his/link": "his/link", "his/own": "his/own", "up": "his/dir", "his/link/x": "his/link",
		} {
			dir, err := OpenDir(p.in(name), OurLinks)
			var why *RefusedError
			switch {
			case refused == "" && err != nil:
				t.Errorf("%s: %v", name, err)
			case refused == "":
				dir.Close()
			case !errors.As(err, &why) || why.Component != p.in(refused):
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	test()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlock: the thread is of no use any more
		if err := testproc.Refuse(unix.SYS_OPENAT2, unix.ENOSYS); err != nil {
			t.Error(err)
			return
		}
		test()
	}()
	<-done
}

// TestOpenLog refuses what others can have put into a directory.
func TestOpenLog(t *testing.T) {
	needRoot(t)
	p := newPlace(t)
	p.file("secret", "secret", 0o600)
	p.file("ours/his", "", 0o644)
	p.file("ours/names", "", 0o644)
	p.must(os.Link(p.in("ours/names"), p.in("ours/names2")), unix.Mkfifo(p.in("ours/fifo"), 0o600))
	p.link("ours/link", "../secret")
	p.must(unix.Mknod(p.in("ours/null"), unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))))
	for _, dir := range []string{"his", "sticky", "open"} {
		for _, name := range []string{"/root", "/him", "/other"} {
			p.file(dir+name, "", 0o644)
		}
		p.must(os.Link(p.in("secret"), p.in(dir+"/hard")))
		p.must(unix.Mkfifo(p.in(dir+"/fifo"), 0o600), os.Chown(p.in(dir+"/fifo"), reader, reader))
		p.must(unix.Mkfifo(p.in(dir+"/his-fifo"), 0o600))
		p.must(unix.Mknod(p.in(dir+"/null"), unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))))
		p.must(os.Chown(p.in(dir+"/other"), reader, reader))
		p.link(dir+"/link", "../secret")
		p.give(dir+"/him", dir+"/his-fifo", dir+"/link")
	}
	p.give("ours/his", "his")
	p.folder("sticky", 0o1777)
	p.folder("open", 0o777)
	for name, want := range map[string]bool{
		"ours/his": true, "ours/names": true, "ours/fifo": true, "ours/null": true, "ours/new": true, "ours/link": false,
		"his/root": true, "his/him": true, "his/other": true, "his/new": true, "his/his-fifo": true,
		"his/hard": false, "his/fifo": false, "his/null": false, "his/link": false,
		"sticky/root": true, "sticky/new": true,
		"sticky/him": false, "sticky/other": false, "sticky/hard": false, "sticky/fifo": false, "sticky/his-fifo": false, "sticky/null": false, "sticky/link": false,
		"open/root": true, "open/him": true, "open/new": true,
		"open/hard": false, "open/fifo": false, "open/his-fifo": false, "open/null": false, "open/link": false,
	} {
		dir, err := OpenDir(p.in(filepath.Dir(name)), OurLinks)
		p.must(err)
		file := filepath.Base(name)
		checked := dir.CheckLog(file)
		fd, err := dir.OpenLog(file, unix.O_RDWR|unix.O_CREAT, 0o640)
		if (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
		if (checked == nil) != want && !errors.Is(checked, unix.ENOENT) {
			t.Errorf("%s: looked at: %v", name, checked)
		}
		if err == nil {
			_ = unix.Close(fd)
		}
		dir.Close()
	}
	if text, err := os.ReadFile(p.in("secret")); string(text) != "secret" {
		t.Error(string(text), err)
	}
}

// TestDir goes on in a directory that has been moved, and that something else has the path of.
func TestDir(t *testing.T) {
	p := newPlace(t)
	p.file("dir/a", "a", 0o600)
	dir, err := OpenDir(p.in("dir"), OurLinks)
	p.must(err)
	defer dir.Close()
	p.must(os.Rename(p.in("dir"), p.in("moved")))
	p.file("dir/a", "another", 0o600)
	p.must(dir.Rename("a", "b"))
	if st, err := dir.Lstat("b"); err != nil || st.Size != 1 {
		t.Error(st.Size, err)
	}
	p.must(dir.Remove("b"))
	if left, _ := os.ReadDir(p.in("moved")); len(left) != 0 {
		t.Error(left)
	}
	if text, err := os.ReadFile(p.in("dir/a")); string(text) != "another" {
		t.Error(string(text), err)
	}
}

// TestMakeDir makes what is missing, but nothing below what is a stranger's, and nothing that
// a link leads to.
func TestMakeDir(t *testing.T) {
	p := newPlace(t)
	defer syscall.Umask(syscall.Umask(0))
	p.folder("real", 0o755)
	p.link("link", "real")
	p.link("nowhere", "missing")
	for name, want := range map[string]string{
		"a/b/c": "", "link/new": "", "nowhere": "no such file or directory", "nowhere/x": "no such file or directory",
	} {
		dir, err := MakeDir(p.in(name), 0o750, Ours)
		if want != "" {
			if err == nil || !strings.HasSuffix(err.Error(), want) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		p.must(err)
		if st, err := os.Stat(p.in(name)); err != nil || st.Mode() != os.ModeDir|0o750 {
			t.Errorf("%s: %v, %v", name, st, err)
		}
		dir.Close()
	}
	if os.Geteuid() != 0 {
		return
	}
	p.folder("his", 0o755)
	p.link("his-link", "real")
	p.give("his", "his-link")
	for _, name := range []string{"his", "his/new", "his-link", "his-link/below"} {
		if _, err := MakeDir(p.in(name), 0o755, Ours); err == nil || !strings.Contains(err.Error(), "belongs to uid 61001") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"his", "real"} {
		if left, _ := os.ReadDir(p.in(name)); slices.ContainsFunc(left, func(e os.DirEntry) bool { return e.Name() != "new" || name == "his" }) {
			t.Errorf("%s has %v", name, left)
		}
	}
}

// TestUserNamespace has the files of the host's root, who is nobody there, be ours all the
// same.
func TestUserNamespace(t *testing.T) {
	p := newPlace(t)
	file := p.file("file", "text", 0o644)
	uid, gid := os.Getuid(), os.Getgid()
	if uid == 0 {
		uid, gid = reader, reader
	}
	could := readElsewhere(t, Ours, &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: gid, Size: 1}},
	}, file)
	if !slices.Contains(could, file) {
		t.Error("it could not be read")
	}
}

// TestAccessAs tries rights of another user, on a file and on the way to it.
func TestAccessAs(t *testing.T) {
	if os.Geteuid() != 0 {
		if err := AccessAs(User{UID: 61_001, GID: 61_001}, "/", unix.X_OK); !errors.Is(err, ErrNotBecome) {
			t.Errorf("not as root: %v", err)
		}
		return
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := errors.Join(os.Chmod(filepath.Dir(dir), 0o755), os.WriteFile(file, nil, 0o600), os.Chown(file, 0, 61_002)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		dir, file os.FileMode
		groups    []uint32
		want      error
	}{
		{0o755, 0o755, nil, nil},
		{0o755, 0o750, nil, unix.EACCES},
		{0o755, 0o750, []uint32{61_002}, nil},
		{0o700, 0o755, nil, unix.EACCES},
	} {
		if err := errors.Join(os.Chmod(dir, c.dir), os.Chmod(file, c.file)); err != nil {
			t.Fatal(err)
		}
		if err := AccessAs(User{UID: 61_001, GID: 61_001, Groups: c.groups}, file, unix.X_OK); !errors.Is(err, c.want) || err != nil && c.want == nil {
			t.Errorf("%v of %v, groups %v: %v, want %v", c.file, c.dir, c.groups, err, c.want)
		}
	}
	if err := AccessAs(User{UID: 61_001, GID: 61_001}, filepath.Join(dir, "none"), unix.X_OK); !errors.Is(err, unix.EACCES) {
		t.Error(err)
	}
}
