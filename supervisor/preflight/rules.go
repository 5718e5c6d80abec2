package preflight

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"supervise/config"
	"supervise/supervisor/launch/environ"
	"supervise/supervisor/process"
)

// rules looks at what signals to the supervisor run and read, and at its journal. Without
// them the services start all the same.
func (l *look) rules() {
	for _, signal := range slices.Sorted(maps.Keys(l.file.Commands)) {
		command := l.file.Commands[signal]
		key := []string{"signals", signal.String()}
		switch {
		case command.Verb == config.CommandRun:
			l.begin("signals", "the program of %v, %q", signal, command.Argv[0])
			if err := l.hook(command.Argv[0]); err != nil {
				l.warn(append(key, "run"), "", "the program of %v cannot be run: %v", signal, err)
			}
		case command.Verb == config.CommandUpdate && command.File != "":
			l.begin("signals", "file %q", command.File)
			if _, err := os.Stat(command.File); err != nil {
				l.warn(append(key, "update"), "it is read when the signal comes", "the file of %v: %v", signal, err)
			}
		}
	}
	journal := l.file.Supervisor.Journal
	if journal == "" {
		return
	}
	l.begin("supervisor", "journal %q", journal)
	if _, err := os.Stat(filepath.Dir(journal)); err != nil {
		l.warn([]string{"supervisor", "journal"}, "make its directory before supervise starts, or the journal is kept in memory only", "cannot open the journal: %v", err)
	}
}

// hook looks for a program in the PATH of the supervisor, as its hooks have that.
func (l *look) hook(name string) error {
	path, havePath := environ.Lookup(l.environment, "PATH")
	file, err := process.Lookup(name, path, havePath)
	if err != nil {
		return err
	}
	return process.Examine(file)
}

// volatile warns, behind a hint, where nothing outlives a boot: what is missing may be made by
// somebody then.
func volatile(path string) string {
	var st unix.Statfs_t
	err := unix.Statfs(path, &st)
	for errors.Is(err, fs.ErrNotExist) && path != "/" {
		path = filepath.Dir(path)
		err = unix.Statfs(path, &st)
	}
	if err != nil || st.Type != unix.TMPFS_MAGIC && st.Type != unix.RAMFS_MAGIC {
		return ""
	}
	return "; it is in memory, and so gone after a boot: whatever makes it then must come first"
}
