package config

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the .golden files")

// fakeHost is a host with a few users and groups.
type fakeHost struct{}

func (fakeHost) HasUser(name string) (bool, error) {
	if name == "ldap-is-down" {
		return false, errors.New("no answer from the directory")
	}
	return slices.Contains(fakeHost{}.Users(), name), nil
}

func (fakeHost) HasGroup(name string) (bool, error) {
	return slices.Contains(fakeHost{}.Groups(), name), nil
}
func (fakeHost) Users() []string  { return []string{"root", "daemon", "www-data", "nobody"} }
func (fakeHost) Groups() []string { return []string{"root", "www-data", "nogroup"} }

// TestGolden reads each testdata/config/*.toml, and compares what was understood, or
// the error, with the file beside it. go test ./config -run Golden -update writes these.
func TestGolden(t *testing.T) {
	directory := filepath.Join("..", "testdata", "config")
	paths, err := filepath.Glob(filepath.Join(directory, "*.toml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if file, err := Parse(filepath.Base(path), data, fakeHost{}); err != nil {
				got = err.Error() + "\n"
			} else {
				got = dump(file)
			}
			checkGolden(t, strings.TrimSuffix(path, ".toml")+".golden", got)
		})
	}
}

func checkGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	gotLines, wantLines := strings.SplitAfter(got, "\n"), strings.SplitAfter(string(want), "\n")
	for i := range gotLines {
		if i >= len(wantLines) || gotLines[i] != wantLines[i] {
			t.Fatalf("%s differs from line %d on:\n got %q\nwant %q", path, i+1, gotLines[i:min(i+4, len(gotLines))], wantLines[min(i, len(wantLines)):min(i+4, len(wantLines))])
		}
	}
	t.Fatalf("%s has more than the %d lines of\n%s", path, len(gotLines), got)
}

// dump writes down all that is in a file, a line for each value.
func dump(file *File) string {
	var b strings.Builder
	line := func(key string, value any) { fmt.Fprintf(&b, "%s = %v\n", key, value) }
	for _, w := range file.Warnings {
		fmt.Fprintf(&b, "%s\n", w.Text(file.Path))
	}
	line("supervisor", fmt.Sprintf("%+v", file.Supervisor))
	line("control", fmt.Sprintf("%04o %q", file.Control.Mode, file.Control.Group))
	if file.Core.Collect != CollectOff {
		line("core", fmt.Sprintf("%+v", file.Core))
	}
	line("signals", file.Signals)
	line("commands", file.Commands)
	for _, s := range file.Services {
		b.WriteString("\n")
		name := s.Name + "."
		line(name+"command", fmt.Sprintf("%q", s.Command))
		line(name+"enabled", s.Enabled)
		line(name+"directory", s.Directory)
		line(name+"environment", fmt.Sprintf("%q %q", s.Environment, s.EnvironmentFile))
		if s.PassEnvironment != nil {
			line(name+"pass-environment", fmt.Sprintf("%q", s.PassEnvironment))
		}
		line(name+"account", fmt.Sprintf("%q %q", s.User, s.Group))
		line(name+"umask", fmt.Sprintf("%v %03o", s.Umask.Set, s.Umask.Mask))
		line(name+"restart", fmt.Sprintf("%+v", s.Restart))
		line(name+"stop", s.Stop.Ladder)
		line(name+"reload", s.Reload)
		line(name+"block", s.Signals.Block)
		line(name+"ignore", s.Signals.Ignore)
		line(name+"forward", s.Signals.Forward)
		line(name+"queue", s.Signals.Queue)
		line(name+"core.limit", limitText(s.Core.Limit))
		line(name+"core.filter", filterText(s.Core.Filter))
		if s.Core.Dumpable != nil || s.Core.Rate != (Rate{}) || s.Core.MaxUse != 0 {
			line(name+"core", dumpableText(s.Core.Dumpable)+" "+s.Core.Rate.String()+" "+strconv.FormatInt(s.Core.MaxUse, 10))
		}
		if s.Type != Run {
			line(name+"type", s.Type)
		}
		if o := s.Order; o.Requires != nil || o.Wants != nil || o.Milestone != nil || o.After != nil || o.Before != nil {
			line(name+"order", fmt.Sprintf("%+v", o))
		}
		line(name+"log", fmt.Sprintf("%+v", s.Log))
	}
	return b.String()
}
