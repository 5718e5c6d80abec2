package launch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"supervise/config"
	"supervise/supervisor/process"
)

// TestUnstarted has a few words for what is in the way of a start.
func TestUnstarted(t *testing.T) {
	at := func(step string, errno syscall.Errno) error { return &process.StartError{Step: step, Errno: errno} }
	for _, test := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{errors.New("x"), "cannot start"},
		{at("execve /x", syscall.ENOENT), "no such file"},
		{at("execve /x/y", syscall.ENOTDIR), "no such file"},
		{at("find x in PATH", syscall.ENOENT), "no such file"},
		{at("find x in PATH", syscall.EACCES), "permission denied"},
		{at("execve /x", syscall.EACCES), "permission denied"},
		{at("execve /x", syscall.ENOEXEC), "no program"},
		{at("execve /x", syscall.ETXTBSY), "being written"},
		{at("execve /x", syscall.EAGAIN), "no more processes"},
		{at("execve /x", syscall.EIO), "cannot start"},
		{at("chdir /x y", syscall.ENOENT), "cannot chdir"},
		{at("chdir /x", syscall.EACCES), "cannot chdir"},
		{at("setgroups", syscall.EPERM), "cannot be user"},
		{at("setresuid 33", syscall.EAGAIN), "cannot be user"},
		{at("clone3", syscall.EAGAIN), "no more processes"},
		{at("clone3", syscall.ENOMEM), "no memory"},
		{fmt.Errorf("pipe2: %w", syscall.EMFILE), "no more files"},
		{&os.PathError{Op: "open", Path: "/x", Err: syscall.ENFILE}, "no more files"},
		{&environmentError{"/x", syscall.ENOENT}, "environment file"},
		{fmt.Errorf("%w: it waits", process.ErrGivenUp), "given up"},
	} {
		got := Unstarted(test.err)
		if got.Obstacle.String() != test.want || (test.err != nil) != (got.Text != "") {
			t.Errorf("%v: %+v, want %q", test.err, got, test.want)
		}
	}
}

// TestUnstartedReally tries starts that must fail.
func TestUnstartedReally(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for want, service := range map[string]config.Service{
		"no such file":      {Command: []string{dir + "/none"}},
		"permission denied": {Command: []string{write("text", "x", 0o600)}},
		"no program":        {Command: []string{write("binary", "\x00\x01", 0o700)}},
		"cannot chdir":      {Command: []string{"/bin/true"}, Directory: dir + "/none"},
		"environment file":  {Command: []string{"/bin/true"}, EnvironmentFile: dir + "/none"},
	} {
		_, err := New(os.Environ(), Rlimit{}).Start(Service{Config: &service, Cgroup: noneNeeded{}, Files: [3]int{-1, -1, -1}})
		if got := Unstarted(err); got.Obstacle.String() != want || got.Text == "" {
			t.Errorf("%v: %+v, want %q", err, got, want)
		}
	}
}
