package settings

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/testproc"
)

// place is a directory that everybody may pass, with a program that crashes.
type place struct {
	dir, program string
}

func newPlace(t *testing.T) *place {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "cores")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		t.Skip("to make a program that crashes takes gcc")
	}
	p := &place{dir, filepath.Join(dir, "crash")}
	out, err := exec.Command(gcc, "-static", "-o", p.program, "testdata/crash.c").CombinedOutput()
	if err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	must(t, os.Chmod(dir, 0o755))
	return p
}

func (p *place) in(name string) string { return filepath.Join(p.dir, name) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// crasher is a process that waits to crash.
type crasher struct {
	cmd *exec.Cmd
	in  io.WriteCloser
}

// run starts the program, or what ends in it, and waits until it is ready.
func (p *place) run(t *testing.T, attributes *syscall.SysProcAttr, argv ...string) *crasher {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = p.dir
	cmd.SysProcAttr = attributes
	var said bytes.Buffer
	cmd.Stderr = &said
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	testproc.Start(t, cmd)
	ready := make([]byte, 6)
	if _, err := io.ReadFull(out, ready); err != nil {
		_ = cmd.Wait()
		t.Fatalf("%v is not ready: %v %s", argv, err, said.String())
	}
	return &crasher{cmd, in}
}

// crash crashes it, and reports whether the kernel says that there is a core.
func (c *crasher) crash(t *testing.T) bool {
	t.Helper()
	_, err := c.in.Write([]byte("x"))
	must(t, err)
	_ = c.cmd.Wait()
	status, _ := c.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !status.Signaled() || status.Signal() != syscall.SIGSEGV {
		t.Fatalf("it did not crash: %v", c.cmd.ProcessState)
	}
	return status.CoreDump()
}

// situation is one in which a process crashes, and what is to be said of it.
type situation struct {
	name    string
	pattern string // DIR is replaced
	change  Change
	prepare func(t *testing.T, p *place)
	uid     uint32   // whose process it is
	program string   // another copy of the program
	args    []string // of the program
	want    []ID     // all reasons but notes
	note    ID       // and one of these
	core    bool     // there is one
}

const other = 65534

// nobody's directory, and root's, in which others may not write, and one like /tmp.
func directories(t *testing.T, p *place) {
	t.Helper()
	for name, mode := range map[string]os.FileMode{"his": 0o755, "roots": 0o755, "all": 0o777 | os.ModeSticky, "gone": 0o755} {
		if os.Mkdir(p.in(name), mode) == nil {
			must(t, os.Chmod(p.in(name), mode))
		}
	}
	must(t, os.Chown(p.in("his"), other, other))
	if program, err := os.ReadFile(p.program); err == nil {
		write("suid", string(program), 0o755|os.ModeSetuid, 0)(t, p)
	}
}

func write(name, text string, mode os.FileMode, uid int) func(*testing.T, *place) {
	return func(t *testing.T, p *place) {
		t.Helper()
		must(t, os.WriteFile(p.in(name), []byte(text), mode))
		must(t, os.Chown(p.in(name), uid, uid))
		must(t, os.Chmod(p.in(name), mode)) // after chown(2), which takes set-user-ID away
	}
}

const drain = "#!/bin/sh\nexec cat >/dev/null\n"

var situations = []situation{
	{name: "plain", pattern: "DIR/all/core.%p", core: true},
	{name: "plain of a user", pattern: "DIR/all/core.%p", uid: other, core: true},
	{name: "limit 0", pattern: "DIR/all/core", args: []string{"core=0"}, want: []ID{"limit-zero"}},
	{name: "limit 4095", pattern: "DIR/all/core", args: []string{"core=4095"}, want: []ID{"limit-below-page"}},
	{name: "limit 8192", pattern: "DIR/all/core.%p", args: []string{"core=8192"}, want: []ID{"limit-small"}, core: true},
	{name: "file size limit 0", pattern: "DIR/all/core", args: []string{"fsize=0"}, want: []ID{"file-size-limit-zero"}},
	{name: "file size limit 4095", pattern: "DIR/all/core.%p", args: []string{"fsize=4095"}, want: []ID{"file-size-limit"}, core: true},
	{name: "file size limit 8192", pattern: "DIR/all/core.%p", args: []string{"fsize=8192"}, want: []ID{"file-size-limit"}, core: true},
	{name: "relative", pattern: "core", change: Change{UsesPID: "1"}, args: []string{"chdir=all"}, note: "relative", core: true},
	{name: "no name", pattern: "", change: Change{UsesPID: "0"}, want: []ID{"pattern-empty"}},
	{name: "only a pid", pattern: "", change: Change{UsesPID: "1"}, args: []string{"chdir=all"}, core: true},
	{name: "relative, closed", pattern: "core", uid: other, args: []string{"chdir=roots"}, want: []ID{"directory-closed"}},
	{name: "relative, removed", pattern: "core", args: []string{"chdir=gone", "rmdir=../gone"}, want: []ID{"directory-missing"}},
	{name: "absolute, closed", pattern: "DIR/roots/core", uid: other, want: []ID{"directory-closed"}},
	{name: "absolute, root", pattern: "DIR/his/core", core: true},
	{name: "directory not searched", pattern: "DIR/shut/in/core", uid: other, prepare: func(t *testing.T, p *place) {
		must(t, os.MkdirAll(p.in("shut/in"), 0o777))
		must(t, os.Chmod(p.in("shut/in"), 0o777))
		must(t, os.Chmod(p.in("shut"), 0o700))
	}, want: []ID{"directory-closed"}},
	{name: "directory missing", pattern: "DIR/none/core", want: []ID{"directory-missing"}},
	{name: "directory a file", pattern: "DIR/crash/core", want: []ID{"directory-missing"}},
	{name: "directory of a host", pattern: "DIR/%h/core", want: []ID{"directory-missing"}},
	{name: "directory in the name", pattern: "DIR/all/", want: []ID{"name-unusable"}},
	{name: "name too long", pattern: "DIR/all/%E%E%E%E%E%E%E%E%E%E%E%E%E%E%E%E%E%E%E%E", want: []ID{"name-unusable"}},
	{name: "umask", pattern: "DIR/all/core.%p", args: []string{"umask=0200"}, want: []ID{"umask"}},
	{name: "umask of others", pattern: "DIR/all/core.%p", args: []string{"umask=0177"}, core: true},
	{name: "name a directory", pattern: "DIR/roots", want: []ID{"name-taken"}},
	{name: "overwritten", pattern: "DIR/all/old", prepare: write("all/old", "old", 0o600, other), uid: other, note: "overwritten", core: true},
	{name: "taken", pattern: "DIR/all/taken", prepare: write("all/taken", "old", 0o666, 0), uid: other, want: []ID{"name-taken"}},
	{name: "taken, but root", pattern: "DIR/all/his", prepare: write("all/his", "old", 0o666, other), core: true},
	{name: "link", pattern: "DIR/all/link", prepare: func(t *testing.T, p *place) { must(t, os.Symlink("/nowhere", p.in("all/link"))) }, core: true},
	{name: "filter", pattern: "DIR/all/core.%p", args: []string{"filter=0"}, want: []ID{"filter-no-stacks"}, core: true},

	{name: "setuid", pattern: "DIR/all/core.%p", change: Change{SuidDumpable: "0"}, args: []string{"setuid=65534"}, want: []ID{"not-dumpable"}},
	{name: "setuid, dumpable", pattern: "DIR/all/core.%p", change: Change{SuidDumpable: "0"}, args: []string{"setuid=65534", "dumpable=1"}, core: true},
	{name: "seteuid", pattern: "DIR/all/core.%p", change: Change{SuidDumpable: "0"}, args: []string{"seteuid=65534"}, want: []ID{"set-id"}},
	{name: "setuid, debugging", pattern: "DIR/all/core.%p", change: Change{SuidDumpable: "1"}, args: []string{"setuid=65534"}, core: true},
	{name: "setuid, root's", pattern: "DIR/roots/core.%p", change: Change{SuidDumpable: "2"}, args: []string{"setuid=65534"}, note: "root-only", core: true},
	{name: "setuid, relative", pattern: "core.%p", change: Change{SuidDumpable: "2"}, args: []string{"setuid=65534", "chdir=all"}, want: []ID{"relative-for-root"}},
	{name: "setuid, taken", pattern: "DIR/roots/old", change: Change{SuidDumpable: "2"}, prepare: write("roots/old", "", 0o600, 0), args: []string{"setuid=65534"}, want: []ID{"name-taken"}},
	{name: "setuid, not root's", pattern: "DIR/his/core", change: Change{SuidDumpable: "2"}, args: []string{"setuid=65534"}, want: []ID{"directory-closed"}},
	{name: "undumpable root", pattern: "DIR/all/core.%p", change: Change{SuidDumpable: "0"}, args: []string{"dumpable=0"}, want: []ID{"not-dumpable"}},
	{name: "undumpable user", pattern: "DIR/all/core.%p", change: Change{SuidDumpable: "0"}, uid: other, args: []string{"dumpable=0"}, want: []ID{"not-dumpable"}},
	{name: "set-user-ID program", pattern: "DIR/all/core.%p", change: Change{SuidDumpable: "0"}, program: "suid", uid: other, want: []ID{"set-id"}},
	{name: "set-user-ID program, root's", pattern: "DIR/roots/core.%p", change: Change{SuidDumpable: "2"}, program: "suid", uid: other, note: "root-only", core: true},
	{name: "catches another signal", pattern: "DIR/all/core.%p", args: []string{"catch=6"}, note: "signal-caught", core: true},
	{name: "setuid to a pipe", pattern: "|DIR/drain", change: Change{SuidDumpable: "0"}, prepare: write("drain", drain, 0o755, 0), args: []string{"setuid=65534"}, want: []ID{"not-dumpable"}},

	{name: "pipe", pattern: "|DIR/drain %P", prepare: write("drain", drain, 0o755, 0), note: "program-decides", core: true},
	{name: "pipe, limit 0", pattern: "|DIR/drain", prepare: write("drain", drain, 0o755, 0), args: []string{"core=0"}, core: true},
	{name: "pipe, limit 2", pattern: "|DIR/drain", prepare: write("drain", drain, 0o755, 0), args: []string{"core=2"}, core: true},
	{name: "pipe, limit 1", pattern: "|DIR/drain", prepare: write("drain", drain, 0o755, 0), args: []string{"core=1"}, want: []ID{"limit-one"}},
	{name: "pipe, file size limit 0", pattern: "|DIR/drain", prepare: write("drain", drain, 0o755, 0), args: []string{"fsize=0"}, core: true},
	{name: "pipe of nothing", pattern: "|", want: []ID{"pattern-empty"}},
	{name: "pipe of an unknown specifier", pattern: "|%z", want: []ID{"pattern-empty"}},
	{name: "pipe, relative", pattern: "|DIRREL/drain", prepare: write("drain", drain, 0o755, 0), core: true},
	{name: "program missing", pattern: "|DIR/none %P", want: []ID{"program-missing"}},
	{name: "program without x", pattern: "|DIR/flat", prepare: write("flat", drain, 0o644, 0), want: []ID{"program-unusable"}},
	{name: "program a directory", pattern: "|DIR/all", want: []ID{"program-unusable"}},
	{name: "program without interpreter", pattern: "|DIR/lost", prepare: write("lost", "#!/nowhere/sh\n", 0o755, 0), want: []ID{"program-missing"}},
	{name: "program a text", pattern: "|DIR/text", prepare: write("text", "exec cat\n", 0o755, 0), want: []ID{"program-unusable"}},

	{name: "socket missing", pattern: "@DIR/none", want: []ID{"nobody-listens"}},
	{name: "socket a file", pattern: "@DIR/crash", want: []ID{"socket-unusable"}},
	{name: "socket with a space", pattern: "@DIR/a b", want: []ID{"pattern-empty"}},
}

// TestReality compares what is said of a process with what becomes of it.
func TestReality(t *testing.T) {
	guarded(t, "core")
	p := newPlace(t)
	for _, c := range situations {
		t.Run(c.name, func(t *testing.T) { c.test(t, p) })
	}
}

func (c *situation) test(t *testing.T, p *place) {
	directories(t, p)
	if c.prepare != nil {
		c.prepare(t, p)
	}
	pattern := strings.NewReplacer("DIRREL", p.dir[1:], "DIR", p.dir).Replace(c.pattern)
	must(t, Pattern.write(pattern))
	// With a limit the kernel waits for programs, so that none is left behind.
	usual := Change{UsesPID: "0", SuidDumpable: "0", PipeLimit: "16"}
	for s, value := range usual {
		must(t, s.write(value))
	}
	for s, value := range c.change {
		must(t, s.write(value))
	}
	attributes := &syscall.SysProcAttr{}
	if c.uid != 0 {
		attributes.Credential = &syscall.Credential{Uid: c.uid, Gid: c.uid}
	}
	args := []string{p.in(cmp.Or(c.program, "crash"))}
	if !slices.ContainsFunc(c.args, func(arg string) bool { return strings.HasPrefix(arg, "core=") }) {
		args = append(args, "core="+strconv.FormatUint(1<<40, 10))
	}
	filtered := slices.Contains(c.args, "filter=0")
	for _, arg := range c.args {
		if arg != "filter=0" {
			args = append(args, arg)
		}
	}
	process := p.run(t, attributes, args...)
	if filtered {
		must(t, WriteFilter(process.cmd.Process.Pid, 0))
	}
	v := verdict(t, process.cmd.Process.Pid)
	expect(t, &v, c.want, c.note, c.core)
	cores := coresIn(t, p)
	dumped := process.crash(t)
	if v.Kind == "file" {
		// The kernel reports success also when it could write nothing.
		dumped = dumped && coresIn(t, p) == cores+1
	}
	if dumped != c.core {
		t.Errorf("a core: %v; said was %v, %q", dumped, v.Core, v.Reasons)
	}
	if v.Kind == "file" && c.core {
		checkWhere(t, p, process, v.Where)
	}
}

func verdict(t *testing.T, pid int) Verdict {
	t.Helper()
	s, err := Look(pid)
	if err != nil {
		t.Fatal(err)
	}
	return Check(s)
}

// expect compares a verdict with what is to be said.
func expect(t *testing.T, v *Verdict, want []ID, note ID, core bool) {
	t.Helper()
	var got, notes []ID
	for _, r := range v.Reasons {
		if r.Effect == Note {
			notes = append(notes, r.ID)
		} else {
			got = append(got, r.ID)
		}
		if r.Sentence == "" || strings.Contains(r.Remedy, "PID ") {
			t.Errorf("%+v", r)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) || v.Core != core || note != "" && !slices.Contains(notes, note) || len(v.Unreadable) > 0 {
		t.Errorf("%v with %q, notes %q, unread %q; want %v with %q, %q", v.Core, got, notes, v.Unreadable, core, want, note)
	}
}

// coresIn counts the files with something in them that are none of ours.
func coresIn(t *testing.T, p *place) (n int) {
	t.Helper()
	must(t, filepath.WalkDir(p.dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		start := make([]byte, 17)
		file, err := os.Open(path)
		if err != nil {
			return nil //nolint // a link that leads nowhere
		}
		defer file.Close()
		const typeCore = 4 // elf(5), e_type
		if _, err := io.ReadFull(file, start); err == nil && string(start[:4]) == "\x7fELF" && start[16] == typeCore {
			n++
		}
		return nil
	}))
	return n
}

// checkWhere asks that the core is where it was said to be, and removes it.
func checkWhere(t *testing.T, p *place, process *crasher, where string) {
	t.Helper()
	if !filepath.IsAbs(where) {
		where = filepath.Join(p.dir, "all", where)
	}
	found, err := filepath.Glob(where)
	if err != nil || len(found) != 1 {
		t.Errorf("%q are at %s, %v", found, where, err)
	}
	for _, name := range found {
		_ = os.Remove(name)
	}
	_ = process
}

// TestRealitySocket: somebody listens, has gone, or is too slow.
func TestRealitySocket(t *testing.T) {
	guarded(t, "core")
	p := newPlace(t)
	path := p.in("s")
	if err := Pattern.write("@" + path); err != nil {
		t.Skip("no sockets:", err)
	}
	listen, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	must(t, err)
	listen.SetUnlinkOnClose(false)
	var all sync.WaitGroup
	all.Go(func() {
		connection, err := listen.Accept()
		if err != nil {
			t.Error(err)
			return
		}
		defer connection.Close()
		if n, err := io.Copy(io.Discard, connection); err != nil || n < 4096 {
			t.Errorf("%d bytes, %v", n, err)
		}
	})
	test := func(core bool, want ...ID) {
		t.Helper()
		process := p.run(t, nil, p.program, "core=1") // which does not count
		v := verdict(t, process.cmd.Process.Pid)
		expect(t, &v, want, "", core)
		if dumped := process.crash(t); dumped != core || v.Where != path {
			t.Errorf("a core: %v, at %s", dumped, v.Where)
		}
	}
	test(true)
	all.Wait()
	must(t, listen.Close())
	test(false, "nobody-listens")
	must(t, os.Remove(path))

	// A backlog of 0 takes one.
	slow, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	must(t, err)
	defer unix.Close(slow)
	must(t, unix.Bind(slow, &unix.SockaddrUnix{Name: path}))
	must(t, unix.Listen(slow, 0))
	waiting, err := net.Dial("unix", path)
	must(t, err)
	defer waiting.Close()
	test(false, "backlog-full")

	must(t, os.Symlink(p.dir, p.in("link")))
	must(t, Pattern.write("@"+p.in("link/s")))
	path = p.in("link/s")
	test(false, "socket-unusable")
	must(t, os.Remove(p.in("s")))
	packets, err := net.ListenUnix("unixpacket", &net.UnixAddr{Name: p.in("s"), Net: "unixpacket"})
	must(t, err)
	defer packets.Close()
	path = p.in("s")
	must(t, Pattern.write("@"+path))
	test(false, "socket-unusable")
}

// TestRealityElsewhere: processes in a mount namespace or below a root of their own.
func TestRealityElsewhere(t *testing.T) {
	guarded(t, "core")
	p := newPlace(t)
	for _, dir := range []string{"cores", "jail", "jail/cores"} {
		must(t, os.Mkdir(p.in(dir), 0o777))
		must(t, os.Chmod(p.in(dir), 0o777))
	}
	program, err := os.ReadFile(p.program)
	must(t, err)
	must(t, os.WriteFile(p.in("jail/crash"), program, 0o755))
	must(t, os.Symlink("/cores", p.in("jail/link"))) // there is no such directory outside
	mounted := func(options string, then string) []string {
		return []string{"/bin/sh", "-c", "mount --make-rprivate / && mount -t tmpfs -o " + options + " none cores && " + then + " exec ./crash core=1000000000000"}
	}
	for _, c := range []struct {
		name, pattern string
		argv          []string
		jail          bool
		want          []ID
		core          bool
		empty         bool // the kernel reports success, but nothing is written
	}{
		{name: "tmpfs", argv: mounted("size=10m", ""), core: true},
		{name: "read-only", argv: mounted("ro", ""), want: []ID{"directory-read-only"}},
		{name: "full", argv: mounted("size=64k", "cat /dev/zero >cores/zero 2>/dev/null;"), want: []ID{"no-space"}, empty: true},
		{name: "no inode", argv: mounted("nr_inodes=2", ": >cores/one;"), want: []ID{"no-space"}},
		{name: "short", argv: mounted("size=32k", ""), want: []ID{"space-short"}, core: true},
		{name: "jail", jail: true, argv: []string{"/crash", "core=1000000000000"}, want: []ID{"directory-missing"}},
		{name: "jail with cores", jail: true, pattern: "/cores/%f.%E", argv: []string{"/crash", "core=1000000000000"}, core: true},
		{name: "jail with a link", jail: true, pattern: "/link/core", argv: []string{"/crash", "core=1000000000000"}, core: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			attributes := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
			pattern := c.pattern
			if pattern == "" {
				pattern = p.in("cores/core")
			}
			if c.jail {
				attributes = &syscall.SysProcAttr{Chroot: p.in("jail")}
			}
			must(t, Pattern.write(pattern))
			where := *p
			if c.jail {
				where.dir = "/"
			}
			process := where.run(t, attributes, c.argv...)
			v := verdict(t, process.cmd.Process.Pid)
			expect(t, &v, c.want, "", c.core)
			cores, err := os.Open(procPath(process.cmd.Process.Pid, "root/"+filepath.Dir(pattern)))
			if err == nil {
				defer cores.Close()
			}
			if dumped := process.crash(t); dumped != (c.core || c.empty) {
				t.Errorf("a core: %v; said was %q", dumped, v.Reasons)
			}
			var st unix.Stat_t
			if c.empty && (unix.Fstatat(int(cores.Fd()), "core", &st, 0) != nil || st.Size != 0) {
				t.Errorf("the core has %d bytes", st.Size)
			}
			if c.jail && c.core {
				name := strings.NewReplacer("/link", "/cores", "%f", "crash", "%E", "!crash").Replace(pattern)
				if _, err := os.Stat(p.in("jail") + name); err != nil || v.Where != strings.Replace(name, "cores/core", "link/core", 1) {
					t.Errorf("no core at %s: %v", v.Where, err)
				}
			}
		})
	}
}

// TestRealityPipeLimit: a program that handles a core takes the only place.
func TestRealityPipeLimit(t *testing.T) {
	guarded(t, "core")
	p := newPlace(t)
	fifo := p.in("fifo")
	must(t, unix.Mkfifo(fifo, 0o600))
	// It gives up by itself, should the test be killed.
	write("slow", "#!/bin/sh\nexec timeout 60 cat - "+fifo+" >/dev/null\n", 0o755, 0)(t, p)
	waitForPrograms(t) // of other tests
	must(t, Pattern.write("|"+p.in("slow")))
	must(t, PipeLimit.write("1"))
	first, second := p.run(t, nil, p.program), p.run(t, nil, p.program)
	v := verdict(t, first.cmd.Process.Pid)
	expect(t, &v, nil, "pipe-limit", true)
	_, err := first.in.Write([]byte("x")) // and it waits for its program, which waits for the FIFO
	must(t, err)
	held := openWriter(t, fifo)
	v = verdict(t, second.cmd.Process.Pid)
	expect(t, &v, []ID{"pipe-limit-reached"}, "", false)
	if second.crash(t) {
		t.Error("there was a core beyond the limit")
	}
	must(t, held.Close())
	_ = first.cmd.Wait()
	if status, _ := first.cmd.ProcessState.Sys().(syscall.WaitStatus); !status.CoreDump() {
		t.Error("there was no core of the first one")
	}
	waitForPrograms(t)
}

// openWriter opens a FIFO once somebody reads it, and fails the test if nobody does.
func openWriter(t *testing.T, fifo string) *os.File {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		file, err := os.OpenFile(fifo, os.O_WRONLY|unix.O_NONBLOCK, 0)
		if err == nil {
			return file
		}
		if !errors.Is(err, unix.ENXIO) || time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// waitForPrograms waits until no program handles a core any more: that the kernel does not say.
func waitForPrograms(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); running() > 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a program still handles a core")
		}
	}
}

// TestDeadMount: the directory of the core is on a file system that never answers.
func TestDeadMount(t *testing.T) {
	guarded(t, "core")
	p := newPlace(t)
	must(t, os.Mkdir(p.in("dead"), 0o777))
	must(t, Pattern.write(p.in("dead/core")))
	before := patience
	patience = 200 * time.Millisecond
	defer func() { patience = before }()
	argv := []string{"/usr/bin/env", testproc.RoleVariable + "=dead-mount"}
	argv = append(argv, testproc.Argv(t, p.in("dead"), p.program)...)
	if file, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0); err != nil {
		t.Skip("no FUSE:", err)
	} else {
		file.Close()
	}
	process := p.run(t, nil, argv...)
	if _, err := Look(process.cmd.Process.Pid); err == nil || !strings.Contains(err.Error(), "has not answered for") {
		t.Error(err)
	}
	must(t, process.cmd.Process.Kill()) // and with it goes the file system
	_ = process.cmd.Wait()
}

// TestZombie: what has ended has no core.
func TestZombie(t *testing.T) {
	cmd := testproc.Command(t, "exit", "0")
	testproc.Start(t, cmd)
	must(t, unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil))
	s, err := Look(cmd.Process.Pid)
	must(t, err)
	if v := Check(s); v.Core || v.Reasons[0].ID != "no-memory" {
		t.Errorf("%+v", v)
	}
}
