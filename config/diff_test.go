package config

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"supervise/coredump"
	"supervise/coredump/order"
	"supervise/signals"
)

// TestUpdate compares testdata/config/update/old.toml and new.toml, and back, and the
// result with update.golden.
func TestUpdate(t *testing.T) {
	directory := filepath.Join("..", "testdata", "config", "update")
	load := func(name string) *File {
		data, err := os.ReadFile(filepath.Join(directory, name))
		if err != nil {
			t.Fatal(err)
		}
		file, err := Parse(name, data, fakeHost{})
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	old, new := load("old.toml"), load("new.toml")
	there, back := plan(Diff(old, new)), plan(Diff(new, old))
	if strings.Contains(there+back, "do not tell") {
		t.Errorf("it tells the value of a variable:\n%s\n%s", there, back)
	}
	checkGolden(t, filepath.Join(directory, "update.golden"), there+"\n# and back\n"+back)
	for range 20 {
		if again := plan(Diff(old, new)); again != there {
			t.Fatalf("once it is\n%s\nand once\n%s", there, again)
		}
	}
}

func plan(changes []Change) string {
	var b strings.Builder
	for _, c := range changes {
		fmt.Fprintf(&b, "%v\n", c)
		for _, k := range c.Keys {
			fmt.Fprintf(&b, "    %v (%v)\n", k, k.Effect)
		}
	}
	return b.String()
}

// fullFile has a value in each field, so that each can become another one.
func fullFile() *File {
	limit, filter := uint64(1), coredump.Filter(1)
	service := defaultService("web")
	service.Command, service.Directory, service.EnvironmentFile = []string{"web", "x"}, "/x", "/x"
	service.Environment = map[string]string{"A": "1"}
	service.User, service.Group, service.Umask = "x", "x", Umask{Set: true, Mask: 1}
	service.Restart.Policy, service.Restart.Limit, service.Restart.Success = Always, 1, []Outcome{{Code: 1}, {Signal: signals.SIGTERM}}
	service.Stop.Ladder, service.Signals.Queue.WhenFull = []Rung{{Signal: signals.SIGTERM, Scope: Group, Timeout: time.Second}}, DropOldest
	service.Signals.Block, service.Signals.Ignore = 1, 1
	service.Signals.Forward = map[signals.Signal]signals.Signal{signals.SIGHUP: signals.SIGHUP}
	service.Type = Once
	service.Order = Order{
		Requires: []Need{{Service: "db", Until: UntilStarted, OnLoss: StopIt}},
		Wants:    []string{"cache"}, Milestone: []string{"migrate"}, After: []string{"log"}, Before: []string{"proxy"},
	}
	dumpable := true
	service.Core = Core{Limit: &limit, Filter: &filter, Dumpable: &dumpable, Rate: Rate{Count: 1, Per: time.Second}, MaxUse: 1}
	service.Log = Log{
		Mode: ToFile, Format: Text, WhenFull: DropLines, File: "/x", Stderr: "/y", MaxSize: 1, Keep: 1,
		Compress: Gzip, MaxAge: 1, Owner: "x", Group: "x", Permissions: 0o600,
	}
	return &File{
		Supervisor: Supervisor{RuntimeDir: "/x", ShutdownTimeout: time.Second, Journal: "/x", JournalSize: 1, ExitWith: "web", Recorder: RecorderOff},
		Control:    Control{Mode: 0o600, Group: "x"},
		Core: Collection{
			Collect: CollectAuto, Install: true, Force: true, Directory: "/x", Capture: order.Mini, Compress: order.Zstd,
			MaxUse: 1, KeepFree: 1, MaxCore: 1, MaxAge: 1, Timeout: 1, OnCore: []string{"/x"},
		},
		Signals: map[signals.Signal]Rule{signals.SIGTERM: Shutdown},
		Commands: map[signals.Signal]Command{
			signals.SIGUSR1:  {Verb: CommandStop, Services: []string{"web", "x"}},
			signals.SIGUSR2:  {Verb: CommandRun, Argv: []string{"x", "y"}, Timeout: time.Second},
			signals.SIGWINCH: {Verb: CommandUpdate, File: "/x"},
			signals.SIGPWR:   {Verb: CommandPause, FromValue: true},
			signals.SIGURG:   {Verb: CommandReopen, Services: []string{"web"}},
		},
		HangUp:   true,
		Services: []Service{service},
	}
}

// TestDiffSeesEveryField changes each value in a File, and expects a difference. It fails
// for a field that is new in spec.go and not yet in diffkeys.go.
func TestDiffSeesEveryField(t *testing.T) {
	leaves(reflect.ValueOf(fullFile()).Elem(), "File", func(path string, value reflect.Value) {
		if value.IsZero() {
			if !strings.Contains(path, ".Commands") && !strings.Contains(path, ".Success") && path != "File.Path" {
				t.Errorf("fullFile has nothing in %s", path)
			}
			return // of a command or an outcome, what it does not use
		}
		file := fullFile()
		leaves(reflect.ValueOf(file).Elem(), "File", func(p string, leaf reflect.Value) {
			if p == path {
				become(leaf)
			}
		})
		if changes := Diff(fullFile(), file); len(changes) == 0 {
			t.Errorf("a change of %s is not seen", path)
		}
	})
}

// leaves calls visit for each value in v that has no parts. Those in maps are copies
// that go back there.
func leaves(v reflect.Value, path string, visit func(string, reflect.Value)) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			leaves(v.Field(i), path+"."+v.Type().Field(i).Name, visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			leaves(v.Index(i), fmt.Sprintf("%s[%d]", path, i), visit)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			value := reflect.New(v.Type().Elem()).Elem()
			value.Set(v.MapIndex(key))
			leaves(value, fmt.Sprintf("%s[%v]", path, key), visit)
			v.SetMapIndex(key, value)
		}
	case reflect.Pointer:
		leaves(v.Elem(), path, visit)
	default:
		visit(path, v)
	}
}

// become gives v another value.
func become(v reflect.Value) {
	switch {
	case v.Kind() == reflect.Bool:
		v.SetBool(!v.Bool())
	case v.Kind() == reflect.String:
		v.SetString(v.String() + "x")
	case v.CanInt():
		v.SetInt(v.Int() + 1)
	case v.CanUint():
		v.SetUint(v.Uint() + 1)
	default:
		v.SetFloat(v.Float() + 1)
	}
}

// TestDiffKnowsNone is about texts that could be taken for what is not there.
func TestDiffKnowsNone(t *testing.T) {
	service := func(user string, command ...string) *File {
		return &File{Services: []Service{{Name: "web", User: user, Command: command}}}
	}
	for _, test := range [][2]*File{
		{service(""), service("none")},
		{service("", "a", "b"), service("", "a b")},
		{service("", "a", "b"), service("", `a", "b`)},
	} {
		if changes := Diff(test[0], test[1]); len(changes) != 1 || changes[0].Effect != NeedsRestart {
			t.Errorf("from %+v to %+v: %v", test[0].Services, test[1].Services, changes)
		}
	}
	if changes := Diff(service(""), &File{}); plan(changes) != "stop and remove service \"web\"\n" {
		t.Errorf("to a file without services: %v", changes)
	}
}

// TestChangeAsData is what a program sees of a plan.
func TestChangeAsData(t *testing.T) {
	old, new := fullFile(), fullFile()
	new.Supervisor.RuntimeDir = "/y"
	got, err := json.Marshal(Diff(old, new))
	want := `[{"service":"","kind":"changed","effect":"new-supervisor","keys":[{"path":"supervisor.runtime-dir","old":"\"/x\"","new":"\"/y\"","effect":"new-supervisor"}]}]`
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v", got, err)
	}
}

// TestDiffOfLogMode restarts a service only to or from the mode in which its process writes
// to descriptors that nobody can change.
func TestDiffOfLogMode(t *testing.T) {
	for from := range LogMode(len(logModeWords)) {
		for to := range LogMode(len(logModeWords)) {
			before, after := fullFile(), fullFile()
			before.Services[0].Log.Mode, after.Services[0].Log.Mode = from, to
			changes := Diff(before, after)
			if from == to {
				if len(changes) != 0 {
					t.Errorf("%v: %v", from, changes)
				}
				continue
			}
			want := Live
			if from == Inherit || to == Inherit {
				want = NeedsRestart
			}
			if len(changes) != 1 || changes[0].Effect != want {
				t.Errorf("%v to %v: %v, want %v", from, to, changes, want)
			}
		}
	}
}
