//go:build linux && (amd64 || arm64)

package process

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"supervise/internal/sys"
	"supervise/internal/testproc"
)

// script writes an executable file.
func script(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestStartErrors(t *testing.T) {
	dir := t.TempDir()
	plain := script(t, "plain", "#!/bin/sh\n", 0o644)
	tests := []struct {
		name      string
		spec      Spec
		step      string
		errno     syscall.Errno
		status    int
		temporary bool
	}{
		{"missing", Spec{Path: "/nonexistent/web"}, "execve /nonexistent/web", syscall.ENOENT, 127, false},
		{"no name", Spec{Path: ""}, "execve ", syscall.ENOENT, 127, false},
		{"below a file", Spec{Path: "/bin/sleep/web"}, "execve /bin/sleep/web", syscall.ENOTDIR, 126, false},
		{"directory", Spec{Path: dir}, "execve " + dir, syscall.EACCES, 126, false},
		{"not executable", Spec{Path: plain}, "execve " + plain, syscall.EACCES, 126, false},
		{"long argument", Spec{Path: "/bin/true", Argv: []string{"true", strings.Repeat("x", 1<<20)}}, "execve /bin/true", syscall.E2BIG, 126, false},
		{"zero in the path", Spec{Path: "/bin/tr\x00ue"}, `execve "/bin/tr\x00ue"`, syscall.EINVAL, 126, false},
		{"zero in an argument", Spec{Path: "/bin/true", Argv: []string{"a\x00b"}}, "execve: an argument has a zero byte in it", syscall.EINVAL, 126, false},
		{"zero in the environment", Spec{Path: "/bin/true", Env: []string{"A=\x00"}}, "execve: the environment has a zero byte in it", syscall.EINVAL, 126, false},
		{"zero in the directory", Spec{Path: "/bin/true", Dir: "/t\x00mp"}, `chdir "/t\x00mp"`, syscall.EINVAL, 126, false},
		{"missing directory", Spec{Path: "/bin/true", Dir: "/nonexistent"}, "chdir /nonexistent", syscall.ENOENT, 127, false},
		{"directory that is none", Spec{Path: "/bin/true", Dir: "/bin/true"}, "chdir /bin/true", syscall.ENOTDIR, 126, false},
		{"soft above hard", Spec{Path: "/bin/true", Limits: []Limit{{Resource: syscall.RLIMIT_CORE, Soft: 2, Hard: 1}}}, "setrlimit RLIMIT_CORE", syscall.EINVAL, 126, false},
		{"no such limit", Spec{Path: "/bin/true", Limits: []Limit{{Resource: 99, Soft: 1, Hard: 1}}}, "setrlimit 99", syscall.EINVAL, 126, false},
		{"no such placement", Spec{Path: "/bin/true", Placement: OwnSession + 1}, "placement 3", syscall.EINVAL, 126, false},
		{"closed descriptor", Spec{Path: "/bin/true", Files: []int{0, 1, 999}}, "dup3 999 to 2", syscall.EBADF, 126, false},
		{"closed descriptor in place", Spec{Path: "/bin/true", Files: append(make([]int, 90), 90)}, "fcntl F_SETFD 90", syscall.EBADF, 126, false},
	}
	eachClone(t, func(t *testing.T) {
		for _, test := range tests {
			child, err := Start(&test.spec)
			if child.PIDFD != -1 || child.PID != 0 {
				t.Errorf("%s: %+v", test.name, child)
			}
			checkError(t, test.name, err, test.step, test.errno, test.status, test.temporary)
		}
		childless(t)
	})
}

func checkError(t *testing.T, name string, err error, step string, errno syscall.Errno, status int, temporary bool) {
	t.Helper()
	var failure *StartError
	if !errors.As(err, &failure) {
		t.Errorf("%s: %v is no StartError", name, err)
		return
	}
	if failure.Step != step || failure.Errno != errno || failure.Status() != status || failure.Temporary() != temporary {
		t.Errorf("%s: step %q, %v, status %d, temporary %v, want %q, %v, %d, %v", name,
			failure.Step, failure.Errno, failure.Status(), failure.Temporary(), step, errno, status, temporary)
	}
	if want := step + ": " + errno.Error(); err.Error() != want || !errors.Is(err, errno) {
		t.Errorf("%s: %v, want %s", name, err, want)
	}
}

// checkHint is checkError for an error that says more.
func checkHint(t *testing.T, name string, err error, step string, errno syscall.Errno, hint string) {
	t.Helper()
	want := StartError{Step: step, Errno: errno, Hint: hint}
	if failure, ok := err.(*StartError); !ok || *failure != want {
		t.Errorf("%s: %v, want %v", name, err, &want)
	}
}

func TestBusyFile(t *testing.T) {
	program, err := os.ReadFile("/bin/true")
	if err != nil {
		t.Fatal(err)
	}
	file := script(t, "busy", string(program), 0o755)
	writer, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	eachClone(t, func(t *testing.T) {
		_, err := Start(&Spec{Path: file})
		checkError(t, "busy", err, "execve "+file, syscall.ETXTBSY, 126, true)
	})
}

// TestNotPermitted does as a plain user what takes root.
func TestNotPermitted(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root is permitted all of it")
	}
	var nofile syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &nofile); err != nil {
		t.Fatal(err)
	}
	eachClone(t, func(t *testing.T) {
		_, err := Start(&Spec{Path: "/bin/true", Credential: &Credential{}})
		checkHint(t, "setgroups", err, "setgroups", syscall.EPERM, "to have another user's groups takes CAP_SETGID")
		_, err = Start(&Spec{Path: "/bin/true", Credential: &Credential{GID: uint32(os.Getgid()), KeepGroups: true}})
		checkHint(t, "setresuid", err, "setresuid 0", syscall.EPERM, "to become another user takes CAP_SETUID")
		_, err = Start(&Spec{Path: "/bin/true", Limits: []Limit{{Resource: syscall.RLIMIT_NOFILE, Soft: 1, Hard: nofile.Max + 1}}})
		checkError(t, "hard limit", err, "setrlimit RLIMIT_NOFILE", syscall.EPERM, 126, false)
	})
}

// TestCredentialErrors fails at a step that comes after the user was changed.
func TestCredentialErrors(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("to become another user takes root")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	eachClone(t, func(t *testing.T) {
		who := &Credential{UID: 54321, GID: 54321}
		_, err := Start(&Spec{Path: "/bin/true", Dir: dir, Credential: who})
		checkError(t, "directory", err, "chdir "+dir, syscall.EACCES, 126, false)
	})
}

// TestOptionalLimit starts a program although a limit is refused, and with all other limits
// as asked for.
func TestOptionalLimit(t *testing.T) {
	eachClone(t, func(t *testing.T) {
		e := startEcho(t, Spec{Limits: []Limit{
			{Resource: syscall.RLIMIT_NOFILE, Soft: 2, Hard: 1, Optional: true},
			{Resource: syscall.RLIMIT_CORE, Soft: 4096, Hard: 8192, Optional: true},
		}})
		if got := e.proc(t, "limits"); !regexp.MustCompile(`Max core file size +4096 +8192 `).MatchString(got) {
			t.Errorf("the limits are\n%s", got)
		}
	})
}

// rlimitNproc is how many processes a user may have. RLIMIT_NPROC, which package syscall
// lacks.
const rlimitNproc = 6

// TestNoRoom runs out of processes and recovers.
func TestNoRoom(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnProcess) {
		return
	}
	eachClone(t, func(t *testing.T) {
		if os.Geteuid() == 0 {
			// Another user's limit is looked at when the program is executed, if the user
			// has processes.
			spec := sleeper()
			spec.Credential = &Credential{UID: 54321, GID: 54321}
			start(t, &spec)
			spec.Limits = []Limit{{Resource: rlimitNproc, Soft: 0, Hard: 100}}
			_, err := Start(&spec)
			checkError(t, "no process", err, "execve /bin/sleep", syscall.EAGAIN, 126, true)
			spec.Limits[0].Soft = 100
			start(t, &spec)
			return
		}
		var before syscall.Rlimit
		if err := syscall.Getrlimit(rlimitNproc, &before); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Setrlimit(rlimitNproc, &syscall.Rlimit{Cur: 0, Max: before.Max}); err != nil {
			t.Fatal(err)
		}
		_, err := Start(&Spec{Path: "/bin/true"})
		if err := syscall.Setrlimit(rlimitNproc, &before); err != nil {
			t.Fatal(err)
		}
		call := "clone3"
		if !sys.FeatureClone3.Available() {
			call = "clone"
		}
		checkError(t, "no process", err, call, syscall.EAGAIN, 126, true)
		spec := sleeper()
		start(t, &spec)
	})
	childless(t)
}

// TestNoDescriptor runs out of descriptors, of which a pidfd is one: it goes without.
func TestNoDescriptor(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnProcess) {
		return
	}
	eachClone(t, func(t *testing.T) {
		var before syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 3, Max: before.Max}); err != nil {
			t.Fatal(err)
		}
		child, err := Start(&Spec{Path: "/bin/true", Limits: []Limit{{Resource: syscall.RLIMIT_NOFILE, Soft: before.Cur, Hard: before.Max}}})
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
			t.Fatal(err)
		}
		if err != nil || child.PIDFD != -1 {
			t.Fatalf("%+v, %v", child, err)
		}
		if status := wait(t, child, 0); status != 0 {
			t.Errorf("status %#x", status)
		}
		spec := sleeper()
		if child := start(t, &spec); child.PIDFD < 0 {
			t.Errorf("with room again: %+v", child)
		}
	})
	childless(t)
}

func TestClone3Refused(t *testing.T) {
	for errno, want := range map[syscall.Errno]bool{
		syscall.ENOSYS: true, syscall.EPERM: true, syscall.EINVAL: true,
		syscall.EAGAIN: false, syscall.ENOMEM: false, syscall.EMFILE: false, syscall.EBADF: false,
	} {
		if got := isRefused(&StartError{Step: stepClone3, Errno: errno}, stepClone3); got != want {
			t.Errorf("clone3 with %v: refused %v", errno, got)
		}
		if isRefused(&StartError{Step: "execve /bin/true", Errno: errno}, stepClone3) {
			t.Errorf("execve with %v is taken for clone3", errno)
		}
	}
	if isRefused(nil, stepClone3) {
		t.Error("success is taken for refusal")
	}
}
