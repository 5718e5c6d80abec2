package launch

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"supervise/config"
	"supervise/coredump"
	"supervise/signals"
	"supervise/supervisor/process"
)

// TestSpec compares everything that is said of a start with what is configured.
func TestSpec(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "web")
	if err := os.WriteFile(program, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	credential := &process.Credential{UID: 33, GID: 34, Groups: []uint32{34}}
	full := Service{
		Config: &config.Service{
			Name: "web", Command: []string{"web", "-v"}, Directory: "/srv",
			Environment: map[string]string{"B": "2", "A": "1", "MARK": "mine"},
			Umask:       config.Umask{Set: true, Mask: 0o27},
			Signals:     config.Signals{Block: signals.SetOf(signals.SIGUSR1), Ignore: signals.SetOf(signals.SIGPIPE)},
		},
		Identity: Identity{Credential: credential, Environment: []string{"HOME=/home/www"}},
		Marks:    []string{"MARK=web"},
	}
	bare := Service{Config: &config.Service{Name: "bare", Command: []string{"/bin/true"}}}
	for _, c := range []struct {
		service *Service
		noFile  Rlimit
		want    process.Spec
	}{
		{&full, Rlimit{Soft: 1024, Hard: 4096}, process.Spec{
			Path: program, Argv: []string{"web", "-v"}, Dir: "/srv",
			Env:  []string{"MARK=web", "A=1", "B=2", "HOME=/home/www", "PATH=/none:" + dir, "PWD=/srv"},
			Mask: signals.SetOf(signals.SIGUSR1), Ignore: signals.SetOf(signals.SIGPIPE),
			Limits:     []process.Limit{{Resource: unix.RLIMIT_NOFILE, Soft: 1024, Hard: 4096, Optional: true}},
			Credential: credential, Umask: 0o27, HasUmask: true,
			OnlyFiles: true, NoPIDFD: true, Placement: process.OwnSession,
		}},
		{&bare, Rlimit{}, process.Spec{
			Path: "/bin/true", Argv: []string{"/bin/true"},
			Env:       []string{"PATH=/none:" + dir, "HOME=/root"},
			OnlyFiles: true, NoPIDFD: true, Placement: process.OwnSession,
		}},
	} {
		launcher := New([]string{"PATH=/none:" + dir, "HOME=/root"}, c.noFile)
		got, err := launcher.spec(c.service)
		if err != nil || !reflect.DeepEqual(*got, c.want) {
			t.Errorf("%s: %v\n%+v\nwant\n%+v", c.service.Config.Name, err, got, c.want)
		}
	}
}

// elsewhere are the fields of a service that say nothing of its main process, or that are
// not part of its spec: see [Identify], [Output] and [coreFilter].
var elsewhere = []string{
	"Name", "Enabled", "User", "Group", "UpAfter", "Restart", "Stop", "Reload", "Signals.Forward", "Signals.Queue", "Core.Filter", "Log",
	"Core.Dumpable", "Core.Rate", "Core.MaxUse", "Type", "Order",
}

// TestSpecSeesEveryField changes each field of a service, and expects another spec.
func TestSpecSeesEveryField(t *testing.T) {
	file := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(file, []byte("A=1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	limit := uint64(1)
	changed := config.Service{
		Command: []string{"/bin/true", "x"}, Directory: "/", Environment: map[string]string{"A": "1"}, EnvironmentFile: file,
		PassEnvironment: []string{"NOTIFY_SOCKET"},
		Umask:           config.Umask{Set: true, Mask: 0o77}, Signals: config.Signals{Block: 1, Ignore: 1}, Core: config.Core{Limit: &limit},
	}
	spec := func(s config.Service) *process.Spec {
		got, err := New([]string{"NOTIFY_SOCKET=/x"}, Rlimit{}).spec(&Service{Config: &s})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	plain := config.Service{Command: []string{"/bin/true"}}
	want := spec(plain)
	var visit func(path string, from, to reflect.Value)
	visit = func(path string, from, to reflect.Value) {
		for i := range from.NumField() {
			name, from, to := strings.TrimPrefix(path+"."+from.Type().Field(i).Name, "."), from.Field(i), to.Field(i)
			switch before := reflect.ValueOf(to.Interface()); {
			case slices.Contains(elsewhere, name):
			case from.Kind() == reflect.Struct:
				visit(name, from, to)
			default:
				to.Set(from)
				if from.IsZero() || reflect.DeepEqual(spec(plain), want) {
					t.Errorf("a start does not see %s", name)
				}
				to.Set(before)
			}
		}
	}
	visit("", reflect.ValueOf(changed), reflect.ValueOf(&plain).Elem())
}

// TestSpecPath finds a program in the PATH that the service is given, not in our own.
func TestSpecPath(t *testing.T) {
	service := Service{Config: &config.Service{
		Command: []string{"true"}, Environment: map[string]string{"PATH": "/nowhere"},
	}}
	_, err := New([]string{"PATH=/bin:/usr/bin"}, Rlimit{}).spec(&service)
	if !errors.Is(err, syscall.ENOENT) {
		t.Errorf("true in /nowhere: %v, want ENOENT", err)
	}
}

func TestHookSpec(t *testing.T) {
	hook := Hook{
		Command: []string{"/bin/notify", "x"}, RuntimeDir: "/run/s",
		Signal: signals.Info{Signal: signals.SIGUSR2, Code: signals.CodeQueue, PID: 42, Value: math.MaxUint64},
	}
	got, err := New([]string{"SUPERVISE_VALUE=old", "PATH=/bin"}, Rlimit{Soft: 1, Hard: 2}).hookSpec(&hook)
	want := process.Spec{
		Path: "/bin/notify", Argv: hook.Command,
		Env: []string{
			"SUPERVISE_SIGNAL=SIGUSR2", "SUPERVISE_SENDER=42", "SUPERVISE_VALUE=18446744073709551615",
			"SUPERVISE_RUNTIME_DIR=/run/s", "PATH=/bin",
		},
		OnlyFiles: true, NoPIDFD: true, Placement: process.OwnSession,
	}
	if err != nil || !reflect.DeepEqual(*got, want) {
		t.Errorf("%v\n%+v\nwant\n%+v", err, got, want)
	}
}

// noCgroup is a cgroup that cannot be made.
type noCgroup struct{}

func (noCgroup) CgroupFD() (int, bool, error) { return -1, true, unix.EMFILE }

// noneNeeded has no cgroups.
type noneNeeded struct{}

func (noneNeeded) CgroupFD() (int, bool, error) { return -1, false, nil }

// TestStartFails ends starts at each step before the fork, and looks what they say that they
// were at.
func TestStartFails(t *testing.T) {
	launcher := New(nil, Rlimit{})
	launcher.filter.path = "/nonexistent/filter"
	for _, c := range []struct {
		name    string
		service config.Service
		cgroup  Cgroup
		at      string
		says    string
	}{
		{"environment file", config.Service{EnvironmentFile: "/nonexistent/env"}, noneNeeded{}, "read the environment file /nonexistent/env", "/nonexistent/env"},
		{"program", config.Service{Command: []string{""}}, noneNeeded{}, "find  in PATH", "the name of the command is empty"},
		{"cgroup", config.Service{}, noCgroup{}, "find /bin/true in PATH", unix.EMFILE.Error()},
		{"core filter", config.Service{Core: config.Core{Filter: new(coredump.Filter)}}, noneNeeded{}, "find /bin/true in PATH", "cannot read the core dump filter"},
	} {
		if c.service.Command == nil {
			c.service.Command = []string{"/bin/true"}
		}
		var progress process.Progress
		child, err := launcher.Start(Service{Config: &c.service, Cgroup: c.cgroup, Progress: &progress})
		if err == nil || child.PID != 0 || !strings.Contains(err.Error(), c.says) || progress.String() != c.at {
			t.Errorf("%s: pid %d, %v at %q, want an error with %q at %q", c.name, child.PID, err, progress.String(), c.says, c.at)
		}
	}
}

func TestHookFails(t *testing.T) {
	launcher := New([]string{"PATH=/nowhere"}, Rlimit{})
	if _, err := launcher.StartHook(Hook{Command: []string{"true"}}); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("no program: %v", err)
	}
}

func TestLimits(t *testing.T) {
	var own unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &own); err != nil {
		t.Fatal(err)
	}
	zero, most := uint64(0), uint64(math.MaxUint64)
	core := func(soft uint64) process.Limit {
		return process.Limit{Resource: unix.RLIMIT_CORE, Soft: soft, Hard: own.Max}
	}
	files := process.Limit{Resource: unix.RLIMIT_NOFILE, Soft: 5, Hard: 9, Optional: true}
	branded := process.Limit{Resource: rlimitLocks, Soft: 7, Hard: unix.RLIM_INFINITY, Optional: true}
	for _, c := range []struct {
		core   *uint64
		noFile Rlimit
		brand  uint64
		want   []process.Limit
	}{
		{nil, Rlimit{}, 0, nil},
		{nil, Rlimit{5, 9}, 0, []process.Limit{files}},
		{nil, Rlimit{}, 7, []process.Limit{branded}},
		{&zero, Rlimit{}, 0, []process.Limit{core(0)}},
		{&most, Rlimit{5, 9}, 7, []process.Limit{files, branded, core(own.Max)}}, // no more than the hard limit
	} {
		if got := limits(c.core, c.noFile, c.brand); !reflect.DeepEqual(got, c.want) {
			t.Errorf("limits %+v, want %+v", got, c.want)
		}
	}
}

func TestTemporary(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{unix.EMFILE, true},
		{fmt.Errorf("cannot attach: %w", os.NewSyscallError("pipe2", unix.ENFILE)), true},
		{os.NewSyscallError("mkdir", unix.EAGAIN), true},
		{unix.ENOSPC, true},
		{unix.ENOMEM, true},
		{unix.EACCES, false},
		{errors.New("no closing quote"), false},
		{&process.StartError{Step: "clone3", Errno: unix.EAGAIN}, true},
		{fmt.Errorf("x: %w", &process.StartError{Step: "execve", Errno: unix.ENOENT}), false},
		{&process.StartError{Step: "execve", Errno: unix.ETXTBSY}, true},
	} {
		if got := Temporary(c.err); got != c.want {
			t.Errorf("%v: temporary %v, want %v", c.err, got, c.want)
		}
	}
}

// TestFindPrograms looks for programs in advance, each in the PATH of its service.
func TestFindPrograms(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	for _, d := range []string{dir, other} {
		if err := os.WriteFile(filepath.Join(d, "web"), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	services := []config.Service{
		{Name: "a", Command: []string{"web"}},
		{Name: "b", Command: []string{"web"}, Environment: map[string]string{"PATH": other}},
		{Name: "c", Command: []string{"none"}},
		{Name: "d", Command: []string{"/x/web"}},
	}
	l := New([]string{"PATH=" + dir}, Rlimit{})
	l.FindPrograms(services, make([]Identity, len(services)))
	for i, want := range []string{dir + "/web", other + "/web", "", "/x/web"} {
		env, err := l.environment(&Service{Config: &services[i]})
		if err != nil {
			t.Fatal(err)
		}
		if got, known := l.programs.get(services[i].Command[0], env); got != want || known != (want != "") {
			t.Errorf("%s: %q, known: %v; want %q", services[i].Name, got, known, want)
		}
	}
}
