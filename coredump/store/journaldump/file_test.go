package journaldump

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/coredump/store/pack"
)

const boot = "0123456789abcdef0123456789abcdef"

// TestName takes names apart, and leaves others alone.
func TestName(t *testing.T) {
	for name, want := range map[string]File{
		"core.web.1000." + boot + ".812.1767225600123456":               {comm: "web", uid: 1000, pid: 812},
		"core.web.0." + boot + ".812.1767225600123456.zst":              {comm: "web", pid: 812, packing: ".zst"},
		"core.a\\x2eb\\x20c.0." + boot + ".7.1767225600123456.lz4":      {comm: "a.b c", pid: 7, packing: ".lz4"},
		"core.\\xzz\\x.0." + boot + ".7.1767225600123456.xz":            {comm: "\\xzz\\x", pid: 7, packing: ".xz"},
		"core..4294967295." + boot + ".2147483647.1767225600123456.zst": {uid: 1<<32 - 1, pid: 1<<31 - 1, packing: ".zst"},
	} {
		f, err := parse(name)
		if err != nil || f.comm != want.comm || f.uid != want.uid || f.pid != want.pid || f.packing != want.packing || !f.time.Equal(time.UnixMicro(1767225600123456)) {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
	for _, name := range []string{
		"", "core", "core.812", "core.", "core.....", "core.web.1000." + boot + ".812", "core.web.x." + boot + ".812.1",
		"core.web.1.short.812.1", "core.web.1." + boot + ".-812.1", "core.web.1." + boot + ".812.-1", ".#core.web.1." + boot + ".812.1",
		"core.web.1." + boot + ".812.1.gz", "core.a.b.1." + boot + ".812.1",
	} {
		if Is(name) {
			t.Errorf("%q is taken for one", name)
		}
	}
}

// write makes a file as systemd-coredump does.
func write(t *testing.T, dir, name string, content []byte, attributes map[string]string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range attributes {
		if err := unix.Setxattr(path, "user.coredump."+name, []byte(value), 0); err != nil {
			t.Skip("no extended attributes here:", err)
		}
	}
}

// TestRead reads attributes and what is in the file, whatever it is compressed with.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	opened, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	core := bytes.Repeat([]byte("core "), 1000)
	attributes := map[string]string{
		"pid": "812", "uid": "1000", "gid": "100", "signal": "11", "timestamp": "1767225600000000", "rlimit": "18446744073709551615",
		"hostname": "host", "comm": "web", "exe": "/usr/bin/web",
	}
	for _, program := range []string{"", "zstd", "xz", "lz4"} {
		name := "core.web.1000." + boot + ".812.1767225600000000"
		content := core
		if program != "" {
			name += map[string]string{"zstd": ".zst", "xz": ".xz", "lz4": ".lz4"}[program]
			cmd := exec.Command(program, "-c")
			cmd.Stdin = bytes.NewReader(core)
			if content, err = cmd.Output(); err != nil {
				t.Logf("without %s: %v", program, err)
				continue
			}
		}
		write(t, dir, name, content, attributes)
		f, err := Read(int(opened.Fd()), name)
		if err != nil {
			t.Fatal(err)
		}
		r := f.Report()
		if r.PID != 812 || r.UID != 1000 || r.GID != 100 || r.Signal != "SIGSEGV" || r.Exe != "/usr/bin/web" || r.Hostname != "host" || r.Command != "web" || r.ID != ID(name) {
			t.Errorf("%s: %+v", program, r)
		}
		if program == "" {
			continue
		}
		in, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := f.Unpack(&out, in, int64(len(core))); err != nil || !bytes.Equal(out.Bytes(), core) {
			t.Errorf("%s: %d bytes, %v", program, out.Len(), err)
		}
		_, _ = in.Seek(0, 0)
		if err := f.Unpack(&out, in, int64(len(core))-1); err == nil {
			t.Errorf("%s: more than the limit came out", program)
		}
		_ = in.Close()
	}
	t.Setenv("PATH", dir)
	f, _ := parse("core.web.0." + boot + ".1.1.xz")
	if err := f.Unpack(&bytes.Buffer{}, opened, 1); err == nil || !strings.Contains(err.Error(), "compressed with xz: install that") {
		t.Error(err)
	}
}

// TestOdd refuses what only has the name, and takes attributes for what they are: anything.
func TestOdd(t *testing.T) {
	dir := t.TempDir()
	opened, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	name := "core.web.0." + boot + ".1.1"
	for _, plant := range []func() error{
		func() error { return unix.Mkfifo(filepath.Join(dir, name), 0o600) },
		func() error { return os.Symlink("/etc/passwd", filepath.Join(dir, name)) },
		func() error { return os.Mkdir(filepath.Join(dir, name), 0o700) },
	} {
		if err := plant(); err != nil {
			t.Fatal(err)
		}
		if f, err := Read(int(opened.Fd()), name); err == nil {
			t.Errorf("%+v", f)
		}
		_ = os.Remove(filepath.Join(dir, name))
	}
	write(t, dir, name, []byte("x"), map[string]string{"pid": "-5", "signal": "900", "uid": "root"})
	f, err := Read(int(opened.Fd()), name)
	if err != nil {
		t.Fatal(err)
	}
	if r := f.Report(); r.PID != 1 || r.Signal != "" || r.UID != 0 {
		t.Errorf("%+v", r)
	}
	if err := pack.Unpack(&bytes.Buffer{}, strings.NewReader("no zstd"), 10); err == nil {
		t.Error("it was unpacked")
	}
}

func FuzzName(f *testing.F) {
	f.Add("core.a\\x2eb.0." + boot + ".7.1767225600123456.lz4")
	f.Fuzz(func(t *testing.T, name string) {
		if file, err := parse(name); err == nil && (file.pid < 0 || file.uid < 0 || file.Report().ID == "") {
			t.Errorf("%+v", file)
		}
	})
}
