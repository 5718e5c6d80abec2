//go:build linux && (amd64 || arm64)

package process

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"supervise/internal/testproc"
)

// TestScript runs texts without "#!" by the shell, as execvp(3) does.
func TestScript(t *testing.T) {
	const body = `[ "$*" = "a b c" ] && exit 7; exit 1` + "\n"
	for name, c := range map[string]struct {
		text, file string
		status     int
	}{
		"text":                  {body, "web", 7},
		"empty":                 {"", "web", 0},
		"a comment first":       {"# comment\n" + body, "web", 7},
		"an empty line first":   {"\n#!/nonexistent\n" + body, "web", 7},
		"#! and nothing":        {"#!\n" + body, "web", 7},
		"#! and blanks":         {"#! \t\n" + body, "web", 7},
		"binary at the end":     {body + "exit\n\x00\x01\x02", "web", 7},
		"a name with a blank":   {body, "my web", 7},
		"a name like an option": {body, "-x", 7},
		"the other sort of it":  {body, "+x", 7},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, c.file), []byte(c.text), 0o755); err != nil {
				t.Fatal(err)
			}
			eachClone(t, func(t *testing.T) {
				for _, path := range []string{filepath.Join(dir, c.file), c.file} {
					spec := Spec{Path: path, Dir: dir, Argv: []string{"anything", "a b", "c"}}
					child, err := Start(&spec)
					if err != nil {
						t.Fatalf("%s: %v", path, err)
					}
					if status := wait(t, child, 0); status.ExitStatus() != c.status {
						t.Errorf("%s: status %#x, want %d", path, status, c.status)
					}
					if child.PIDFD >= 0 {
						_ = syscall.Close(child.PIDFD)
					}
				}
			})
		})
	}
	childless(t)
}

// TestScriptIdentity gives the shell everything that the script was to have.
func TestScriptIdentity(t *testing.T) {
	file := script(t, "web", `[ "$(umask) $A $(pwd) $(id -u) $(id -G)" = "0027 1 /usr $1" ]`, 0o755)
	spec := Spec{
		Path: file, Argv: []string{file, fmt.Sprint(os.Getuid(), " ", os.Getgid())}, Env: []string{"A=1", "PATH=/bin:/usr/bin"},
		Dir: "/usr", Umask: 0o27, HasUmask: true, NoPIDFD: true,
		Credential: &Credential{UID: uint32(os.Getuid()), GID: uint32(os.Getgid()), KeepGroups: true},
	}
	if os.Geteuid() == 0 {
		spec.Argv[1], spec.Credential = "54321 54322", &Credential{UID: 54321, GID: 54322}
		if err := os.Chmod(filepath.Dir(filepath.Dir(file)), 0o755); err != nil {
			t.Fatal(err)
		}
	} else if groups, _ := os.Getgroups(); len(groups) > 0 {
		t.Skip("the test's own groups are in the way")
	}
	child, err := Start(&spec)
	if err != nil {
		t.Fatal(err)
	}
	if status := wait(t, child, 0); status != 0 {
		t.Errorf("status %#x", status)
	}
}

// TestNoScript does not have a shell run what is no text.
func TestNoScript(t *testing.T) {
	const machine = "it is a program for another kind of machine, or damaged"
	for name, c := range map[string]struct{ text, hint string }{
		"another machine's": {string(otherMachine(t)), machine},
		"cut":               {elfMagic, machine},
		"binary":            {"\x01\x00\x02\n", "it is neither a program nor a text"},
		"UTF-16":            {"\xff\xfee\x00x\x00i\x00t\x00\n\x00", "it is neither a program nor a text"},
	} {
		t.Run(name, func(t *testing.T) {
			file := script(t, "web", c.text, 0o755)
			child, err := Start(&Spec{Path: file, Argv: []string{file}})
			if child.PID != 0 || child.PIDFD != -1 {
				t.Errorf("%+v", child)
			}
			checkHint(t, name, err, "execve "+file, syscall.ENOEXEC, c.hint)
		})
	}
	childless(t)
}

// otherMachine is /bin/true as of a machine that there is not.
func otherMachine(t *testing.T) []byte {
	t.Helper()
	program, err := os.ReadFile("/bin/true")
	if err != nil {
		t.Fatal(err)
	}
	const machine = 18 // e_machine: elf(5)
	binary.LittleEndian.PutUint16(program[machine:], 0xfffe)
	return program
}

// TestNoShell has no shell to run a script by, as in an image with nothing but a program.
func TestNoShell(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnNamespace) {
		return
	}
	if err := syscall.Mount("/dev/null", shell, "", syscall.MS_BIND, ""); err != nil {
		t.Skip("mount: ", err)
	}
	file := script(t, "web", "exit 0\n", 0o755)
	_, err := Start(&Spec{Path: file, Argv: []string{file}})
	checkHint(t, "no shell", err, "execve "+file, syscall.ENOEXEC, `it has no line "#!", and cannot be run by /bin/sh: permission denied`)
	if !strings.Contains(err.Error(), "exec format error (it has no line") {
		t.Error(err)
	}
	childless(t)
}
