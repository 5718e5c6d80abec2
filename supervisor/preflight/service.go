package preflight

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"supervise/internal/safefile"
	"supervise/supervisor/launch"
	"supervise/supervisor/launch/environ"
	"supervise/supervisor/output"
	"supervise/supervisor/process"
)

// look carries out a job.
type look struct {
	*job
	launcher    *launch.Launcher
	environment []string
	root        bool

	identity launch.Identity
	findings []Finding
	untried  bool
}

func (l *look) everything() {
	if l.spec == nil {
		l.rules()
		l.cores()
		return
	}
	if !l.user() {
		return
	}
	env, read := l.environmentFile()
	there := l.directory()
	if read { // else nothing is known of its PATH
		l.program(env, there)
	}
	l.log()
}

// begin notes what is looked at next.
func (l *look) begin(key, format string, args ...any) {
	l.stage.Store(&stage{key, fmt.Sprintf(format, args...)})
}

func (l *look) fail(key, hint, format string, args ...any) {
	l.findings = append(l.findings, Finding{
		Key: l.key(key), Error: true, Hint: hint,
		Message: l.name() + " cannot start: " + fmt.Sprintf(format, args...),
	})
}

func (l *look) warn(key []string, hint, format string, args ...any) {
	l.findings = append(l.findings, Finding{Key: key, Hint: hint, Message: l.of(fmt.Sprintf(format, args...))})
}

// refused notes what failed. It is no error where we may not look, and root could.
func (l *look) refused(key, hint string, err error) {
	if l.root && !errors.Is(err, safefile.ErrNotBecome) || !errors.Is(err, fs.ErrPermission) {
		l.fail(key, hint, "%v", err)
		return
	}
	l.warn(l.key(key), "check as root, or as who will run supervise", "uid %d may not look: %v", os.Geteuid(), err)
}

// user looks up who the service runs as. Without that nothing else can be said. That the host
// has no such account is found by package config.
func (l *look) user() bool {
	l.begin("user", "the database of users")
	who, err := launch.Identify(l.spec)
	var noUser user.UnknownUserError
	var noGroup user.UnknownGroupError
	switch {
	case errors.As(err, &noUser), errors.As(err, &noGroup):
		return false
	case err != nil:
		l.fail("user", "", "%v", err)
		return false
	}
	for _, note := range who.Notes {
		l.warn(l.key("user"), "", "%s", note)
	}
	l.identity = who
	l.untried = who.AnotherUser && !l.root
	return true
}

// may tries a right of the service's own user.
func (l *look) may(path string) error {
	const execute = 1 // X_OK: or search, of a directory
	who := l.identity.Credential
	if who == nil || l.untried || !l.identity.AnotherUser {
		return syscall.Access(path, execute)
	}
	return safefile.AccessAs(safefile.User{UID: who.UID, GID: who.GID, Groups: who.Groups}, path, execute)
}

func (l *look) who() string {
	if l.identity.AnotherUser && !l.untried {
		return "user " + strconv.Quote(l.spec.User)
	}
	return "it"
}

func (l *look) environmentFile() (env []string, ok bool) {
	const key = "environment-file"
	l.begin(key, "environment file %q", l.spec.EnvironmentFile)
	env, err := l.launcher.Environment(launch.Service{
		Config: l.spec, Identity: l.identity,
		Warn: func(text string) { l.warn(l.key(key), "", "%s", text) },
	})
	if err == nil {
		return env, true
	}
	hint := ""
	if errors.Is(err, fs.ErrNotExist) {
		hint = "make it, or remove the key: it is read at each start"
	}
	l.refused(key, hint, err)
	return nil, false
}

// directory returns whether the directory is there.
func (l *look) directory() bool {
	const key = "directory"
	dir := l.spec.Directory
	if dir == "" {
		return true
	}
	l.begin(key, "directory %q", dir)
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		l.fail(key, "make it"+volatile(dir), "there is no directory %q", dir)
	case err != nil:
		l.refused(key, "", fmt.Errorf("cannot look at its directory: %w", err))
	case !info.IsDir():
		l.fail(key, "name a directory", "%q is no directory", dir)
	default:
		if err := l.may(dir); err != nil {
			l.refused(key, "chmod +x for that user: it, or a directory above it", fmt.Errorf("%s may not enter directory %q: %w", l.who(), dir, err))
			return false
		}
		return true
	}
	return false
}

// program looks for the program where a start would.
func (l *look) program(env []string, there bool) {
	const key = "command"
	name := l.spec.Command[0]
	l.begin(key, "program %q, or a directory of PATH", name)
	path, havePath := environ.Lookup(env, "PATH")
	file, err := process.Lookup(name, path, havePath)
	if err != nil {
		if !havePath {
			path = "not set, so /bin:/usr/bin"
		}
		l.refused(key, "install it, write its whole path, or set PATH in its environment", fmt.Errorf("%w (%s)", err, path))
		return
	}
	if !filepath.IsAbs(file) {
		if !there {
			return
		}
		file = filepath.Join(l.spec.Directory, file) // of the supervisor, where it is ""
	}
	l.begin(key, "program %q", file)
	switch err := process.Examine(file); {
	case errors.Is(err, fs.ErrNotExist):
		l.fail(key, "install what is missing, or write the path where it is"+volatile(file), "%v", err)
	case certain(err):
		l.fail(key, "", "%v", err)
	case err != nil:
		l.refused(key, "", err)
	default:
		if err := l.may(file); err != nil {
			l.refused(key, "chmod +x for that user: it, or a directory above it", fmt.Errorf("%s may not execute %q: %w", l.who(), file, err))
		}
	}
}

// certain reports whether an error is the same for every user.
func certain(err error) bool {
	var failure *process.StartError
	return errors.As(err, &failure) && failure.Hint != ""
}

// log looks whether log files can be opened. Without them a service starts all the same.
func (l *look) log() {
	if l.spec.Log.File == "" {
		return
	}
	l.begin("log", "log file %q", l.spec.Log.File)
	destination, err := output.Check(l.spec.Log)
	if err == nil {
		err = destination.Missing()
	}
	if err == nil {
		return
	}
	hint := "until it can, the output goes to that of supervise; 'supervise update' refuses the file"
	if errors.Is(err, fs.ErrNotExist) {
		hint = "make its directory; " + hint + volatile(l.spec.Log.File)
	}
	l.warn(l.key("log", "file"), hint, "%v", err)
}
