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

// steps records what a start asks for, and fails at one step.
type steps struct {
	failing string
	taken   []string
	err     error
}

func (s *steps) step(name string) error {
	s.taken = append(s.taken, name)
	if name == s.failing {
		return s.err
	}
	return nil
}

func (s *steps) CgroupFD() (int, bool, error) { return 0, false, s.step("cgroup") }

func (s *steps) Attach(uid, gid int) ([3]int, func(), error) {
	if err := s.step(fmt.Sprintf("attach %d %d", uid, gid)); err != nil {
		return [3]int{}, nil, err
	}
	return [3]int{0, 1, 2}, func() { _ = s.step("release") }, nil
}

// TestStartFails ends starts at each step before the fork: what was attached is released,
// and nothing is done after the failure.
func TestStartFails(t *testing.T) {
	launcher := New(nil, Rlimit{})
	launcher.filter.path = "/nonexistent/filter"
	for _, c := range []struct {
		name    string
		service config.Service
		failing string
		want    []string
	}{
		{"environment file", config.Service{EnvironmentFile: "/nonexistent/env"}, "", nil},
		{"program", config.Service{Command: []string{""}}, "", nil},
		{"cgroup", config.Service{}, "cgroup", []string{"cgroup"}},
		{"output", config.Service{}, "attach -1 -1", []string{"cgroup", "attach -1 -1"}},
		{"core filter", config.Service{Core: config.Core{Filter: new(coredump.Filter)}}, "", []string{"cgroup", "attach -1 -1", "release"}},
	} {
		taken := &steps{failing: c.failing, err: unix.EMFILE}
		if c.service.Command == nil {
			c.service.Command = []string{"/bin/true"}
		}
		child, err := launcher.Start(Service{Config: &c.service, Cgroup: taken, Output: taken})
		if err == nil || child.PID != 0 || !reflect.DeepEqual(taken.taken, c.want) {
			t.Errorf("%s: pid %d, %v after %q, want an error after %q", c.name, child.PID, err, taken.taken, c.want)
		}
	}
}

// TestHookFails is the same for hooks.
func TestHookFails(t *testing.T) {
	launcher := New([]string{"PATH=/nowhere"}, Rlimit{})
	taken := &steps{failing: "attach -1 -1", err: unix.EMFILE}
	if _, err := launcher.StartHook(Hook{Command: []string{"true"}, Output: taken}); err == nil || len(taken.taken) != 0 {
		t.Errorf("no program: %v after %q", err, taken.taken)
	}
	if _, err := launcher.StartHook(Hook{Command: []string{"/bin/true"}, Output: taken}); !errors.Is(err, unix.EMFILE) {
		t.Errorf("no descriptors: %v", err)
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

func TestCoreFilter(t *testing.T) {
	file := filepath.Join(t.TempDir(), "filter")
	read := func() string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
		}
		return strings.TrimSpace(string(text))
	}
	f := coreFilter{path: file}
	wanted := coredump.Filter(0x10)
	if _, err := f.set(&wanted); err == nil || !strings.Contains(err.Error(), "cannot read the core dump filter") {
		t.Errorf("no file: %v", err)
	}
	if err := os.WriteFile(file, []byte("00000033\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		unlock, err := f.set(&wanted)
		if err != nil || read() != "0x10" {
			t.Fatalf("%v, the filter is %s, want 0x10", err, read())
		}
		if f.mu.TryRLock() {
			t.Error("a start that keeps our own filter is let in")
		}
		unlock()
		if read() != "0x00000033" {
			t.Errorf("the filter is %s afterwards, want our own", read())
		}
	}
	first, _ := f.set(nil)
	second, _ := f.set(nil) // does not wait for the first
	if f.mu.TryLock() {
		t.Error("a start that changes the filter is let in")
	}
	first()
	second()
}
