package handler

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"supervise/coredump/order"
)

// TestOpenWritten opens what stands where a core should be.
func TestOpenWritten(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("to give files away takes root")
	}
	const user, other = 54321, 54322
	secret := filepath.Join(t.TempDir(), "secret")
	write := func(path string) error { return os.WriteFile(path, []byte("\x7fELF"), 0o600) }
	if err := write(secret); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		make func(path string) error
		want string // of the error; "" for none
	}{
		{"its own", func(path string) error { return first(write(path), os.Chown(path, user, user)) }, ""},
		{"root's", write, ""},
		{"another user's", func(path string) error { return first(write(path), os.Chown(path, other, other)) }, "belongs to uid 54322"},
		{"a link", func(path string) error { return os.Symlink(secret, path) }, "symbolic"},
		{"a hard link", func(path string) error { return os.Link(secret, path) }, "2 names"},
		{"a FIFO", func(path string) error { return unix.Mkfifo(path, 0o600) }, "no regular file"},
		{"a directory", func(path string) error { return os.Mkdir(path, 0o700) }, "no regular file"},
		{"nothing", func(string) error { return nil }, "no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "core")
			if err := os.Chown(filepath.Dir(path), user, user); err != nil {
				t.Fatal(err)
			}
			if err := c.make(path); err != nil {
				t.Fatal(err)
			}
			w, err := openWritten(path, user)
			if c.want == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Fatalf("%v, want an error with %q", err, c.want)
			}
			if err != nil {
				return
			}
			defer w.close()
			// Another file took its place: that is not removed.
			if err := first(os.Rename(path, path+".old"), write(path)); err != nil {
				t.Fatal(err)
			}
			if err := w.remove(); err != nil {
				t.Error(err)
			}
			if _, err := os.Lstat(path); err != nil {
				t.Error(err)
			}
			if err := first(os.Rename(path+".old", path), w.remove()); err != nil {
				t.Error(err)
			}
			if _, err := os.Lstat(path); err == nil {
				t.Error("it is still there")
			}
		})
	}
	dir := t.TempDir()
	if err := first(os.Mkdir(dir+"/real", 0o700), write(dir+"/real/core"), os.Symlink("real", dir+"/link"), os.Lchown(dir+"/link", user, user)); err != nil {
		t.Fatal(err)
	}
	if _, err := openWritten(dir+"/link/core", user); err == nil || !strings.Contains(err.Error(), "symbolic link") {
		t.Errorf("through a user's link: %v", err)
	}
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		line string
		want pipe
		err  string
	}{
		{
			"/run/s.sock p=812 t=813 s=11 d=1 f=3 /var/cores",
			pipe{order.Hello{PID: 812, TID: 813, Signal: 11, Dumpable: "1", HasPIDFD: true}, "/run/s.sock", "/var/cores", 3},
			"",
		},
		{"/run/s.sock p=812 t= s=11 d=2 f=", pipe{order.Hello{PID: 812, Signal: 11, Dumpable: "2"}, "/run/s.sock", "", -1}, ""},
		{"/run/s.sock p=812 later=7", pipe{order.Hello{PID: 812}, "/run/s.sock", "", -1}, ""},
		{"p=812", pipe{}, "socket is missing"},
		{"/run/s.sock p=x", pipe{}, `"x" is no number`},
		{"/run/s.sock web", pipe{}, "unexpected argument"},
	} {
		got, err := parse(strings.Split(c.line, " "))
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%q: %v", c.line, err)
			}
		} else if err != nil || got != c.want {
			t.Errorf("%q: %+v, %v", c.line, got, err)
		}
	}
}
