package journal

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"supervise/config"
	"supervise/coredump/report"
	"supervise/signals"
	"supervise/supervisor/attribution"
	"supervise/supervisor/machine"
)

var update = flag.Bool("update", false, "write the golden files anew")

// kinds are all values of an enumeration: those that have a name.
func kinds[K interface {
	~uint8
	String() string
}]() (all []K) {
	for k := range 1 << 8 {
		if _, err := strconv.Atoi(K(k).String()); err != nil {
			all = append(all, K(k))
		}
	}
	return all
}

var (
	someInfo = signals.Info{Signal: signals.SIGUSR1, Code: signals.CodeQueue, PID: 7, UID: 1000, Value: 42}
	bash     = machine.Asker{PID: 7, UID: 1000, Name: "bash"}
	fifo     = machine.Asker{Source: "/run/supervise/control"}
	someExit = signals.Exit{Signal: signals.SIGKILL}
	someCore = Core{
		ID: "7f3a91c2", Summary: "SIGSEGV (SEGV_MAPERR at 0x10) in handle_request+0x42 <- serve <- main",
		Signal: "SIGSEGV", Code: "SEGV_MAPERR", Address: "0x10", Function: "handle_request",
		State: string(report.Complete), Mini: 18_200, Size: 44_000_000, Stored: 12_100_000,
	}
)

// someEntries has one of each kind.
func someEntries() (entries []Entry) {
	for _, kind := range kinds[machine.EventKind]() {
		entries = append(entries, Entry{PID: 812, By: bash, Event: &machine.Event{
			Kind: kind, Info: someInfo, PID: 812, Exit: someExit, Reason: "REASON", Path: "/etc/s.toml", Revision: 2,
		}})
	}
	for _, kind := range kinds[machine.ActionKind]() {
		entries = append(entries, Entry{PID: 812, By: bash, Action: &machine.Action{
			Kind: kind, Signal: signals.SIGTERM, Scope: config.Group, Info: someInfo,
		}})
	}
	for _, kind := range kinds[machine.NoteKind]() {
		entries = append(entries, Entry{By: bash, Action: &machine.Action{Note: machine.Note{
			Kind: kind, From: machine.Running, To: machine.Stopped, Event: machine.Restart, Why: machine.NotRunning,
			Scope: config.Tree, As: signals.SIGHUP, Rung: 1, Count: 3, For: 12 * time.Millisecond, Exit: someExit, Info: someInfo, Reason: "REASON",
		}}})
	}
	for kind := FactKind(1); kind < numFacts; kind++ {
		entries = append(entries, Entry{PID: 812, Fact: Fact{
			Kind: kind, Command: "sh -c true", Reason: "REASON", Exit: someExit,
			OOM: attribution.Finding{Evidence: attribution.KernelLog, Reason: "memory cgroup /a was full"}, Lines: "a\nb", Core: someCore,
		}})
	}
	return entries
}

// otherEntries are those whose words depend on more than their kind.
func otherEntries() []Entry {
	signal := &machine.Event{Kind: machine.Signal, Info: someInfo}
	kernel := &machine.Event{Kind: machine.Signal, Info: signals.Info{Signal: signals.SIGHUP, Code: signals.CodeKernel}}
	note := func(n machine.Note) *machine.Action { return &machine.Action{Note: n} }
	usr1 := machine.Asker{PID: 7, UID: 1000, Name: "bash", Signal: signals.SIGUSR1}
	client := machine.Asker{PID: 9, Name: machine.Client, Behind: machine.Behind{
		PID: 7, UID: 1000, Name: "bash", Terminal: "pts/3", User: "root", Login: "alice",
	}}
	return []Entry{
		{By: client, Event: &machine.Event{Kind: machine.Stop}},
		{By: client, Event: &machine.Event{Kind: machine.Post, Info: someInfo}},
		{Fact: Fact{Kind: LinesRead, Lines: "cannot bind \x1b[2J"}},
		{By: bash, Event: signal, Action: note(machine.Note{Kind: machine.Obeyed, Reason: `{ restart = "web" }`})},
		{By: bash, Event: signal, Action: note(machine.Note{Kind: machine.HungUp})},
		{Event: kernel},
		{Event: kernel, Action: note(machine.Note{Kind: machine.HungUp})},
		{By: usr1, Action: note(machine.Note{Kind: machine.Commanded, Event: machine.Remove})},
		{By: usr1, Action: note(machine.Note{Kind: machine.Commanded, Event: machine.ShutdownNow})},
		{By: machine.Asker{Source: "the kernel", Signal: signals.SIGHUP}, Event: &machine.Event{Kind: machine.Update, Path: "/etc/s.toml"}},
		{By: fifo, Event: &machine.Event{Kind: machine.Post, Info: someInfo}},
		{By: fifo, Action: &machine.Action{Kind: machine.Deliver, Info: someInfo}},
		{Action: &machine.Action{Kind: machine.Deliver, Info: kernel.Info}},
		{By: fifo, Action: note(machine.Note{Kind: machine.Dropped, Info: someInfo, Count: 1, Why: machine.NotRunning})},
		{By: fifo, Action: note(machine.Note{Kind: machine.Coalesced, Info: kernel.Info})},
		{By: fifo, Action: note(machine.Note{Kind: machine.SentToMany, Info: someInfo, Event: machine.Post, Scope: config.Group})},
		{By: fifo, Action: note(machine.Note{Kind: machine.SentToMany, Info: someInfo, Event: machine.Post, Count: 1})},
		{Action: note(machine.Note{Kind: machine.Changed, To: machine.Running})},
		{Action: note(machine.Note{Kind: machine.Changed, To: machine.Failed})},
		{Action: note(machine.Note{Kind: machine.SurvivorsRemain}), Processes: "812 (sleep), 813 (sh)"},
		{
			By: bash, Action: note(machine.Note{Kind: machine.LeaderExited, Exit: someExit}),
			Verdict: attribution.Verdict{Certainty: attribution.Certain, By: bash, Entry: 3, Ago: time.Millisecond},
		},
		core(Crashed, func(c *Core) { c.State, c.Size, c.Stored = string(report.Taking), 0, 0 }),
		core(Crashed, func(c *Core) { c.Process, c.Mini = "813 (worker \x1b[2J)", 0 }),
		core(Crashed, func(c *Core) { c.State, c.Reason = string(report.Truncated), "the disk is full" }),
		core(Crashed, func(c *Core) { c.State = string(report.MiniOnly) }),
		core(Crashed, func(c *Core) {
			*c = Core{Summary: "SIGABRT", State: string(report.Refused), Reason: "more than 3 in 10m0s"}
		}),
		core(CoreKept, func(c *Core) { c.State, c.Reason = string(report.Truncated), "the disk is full" }),
		core(CoreKept, func(c *Core) { c.State, c.Reason = string(report.MiniOnly), "max-use is 1 MB" }),
		core(CoreKept, func(c *Core) { c.State, c.Reason = string(report.Refused), "the handler was killed" }),
		{
			By:   machine.Asker{Name: attribution.OOMKiller},
			Fact: Fact{Kind: OOMFound, OOM: attribution.Finding{Evidence: attribution.CgroupCount}},
		},
	}
}

// core is an entry about someCore, with something changed.
func core(kind FactKind, change func(*Core)) Entry {
	c := someCore
	change(&c)
	return Entry{PID: 812, Fact: Fact{Kind: kind, Core: c}}
}

// TestGolden has the words of every kind of entry, and how it is written down.
func TestGolden(t *testing.T) {
	var b strings.Builder
	for _, e := range someEntries() {
		event := e.ForClients(time.Time{})
		fmt.Fprintf(&b, "%s: %s\n", event.Kind, event.Text)
	}
	b.WriteString("\n")
	for _, e := range otherEntries() {
		event, o := e.ForClients(time.Time{}), object{}
		value(&o, &e, entryFields)
		by, err := json.Marshal(event.By)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s: %s\n\tby %s\n\t%s\n", event.Kind, event.Text, by, o.out)
	}
	path := filepath.Join("testdata", "entries.golden")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || b.String() != string(want) {
		t.Errorf("%s: %v; now it is:\n%s\n(go test -update writes it anew)", path, err, b.String())
	}
}

// TestFields writes and reads each field alone, so that none is forgotten.
func TestFields(t *testing.T) {
	each(t, "event", eventFields)
	each(t, "action", actionFields)
	each(t, "note", noteFields)
	each(t, "asker", askerFields)
	each(t, "behind", behindFields)
	each(t, "info", infoFields)
	each(t, "exit", exitFields)
	each(t, "verdict", verdictFields)
	each(t, "finding", findingFields)
	each(t, "fact", factFields)
	each(t, "core", coreFields)
}

// beside are the fields of an entry that are kept and written beside its text.
var beside = []string{"ID", "Cause", "Origin", "Time", "Step", "Service", "By"}

// TestEntryFields does the same for an entry, of which a part is kept otherwise.
func TestEntryFields(t *testing.T) {
	all := Entry{Event: &machine.Event{Kind: machine.Stop}, Action: &machine.Action{Kind: machine.Kill}}
	v := reflect.ValueOf(&all).Elem()
	for _, field := range v.Fields() {
		if field.Kind() != reflect.Pointer {
			fill(field)
		}
	}
	o := object{}
	value(&o, &all, entryFields)
	read := object{in: string(o.out), reading: true}
	var again Entry
	value(&read, &again, entryFields)
	for field, want := range v.Fields() {
		got := reflect.ValueOf(again).FieldByIndex(field.Index)
		if same := reflect.DeepEqual(got.Interface(), want.Interface()); same == slices.Contains(beside, field.Name) {
			t.Errorf("%s: %s is read as %v", field.Name, o.out, got)
		}
	}
}

func each[T comparable](t *testing.T, what string, fields func(*object, *T)) {
	t.Helper()
	var zero T
	for i := range reflect.TypeFor[T]().NumField() {
		var v T
		name := what + "." + reflect.TypeFor[T]().Field(i).Name
		if field := reflect.ValueOf(&v).Elem().Field(i); field.CanSet() {
			fill(field)
		} else {
			v = withRest(v)
		}
		if v == zero {
			t.Errorf("%s: the test has no value for it", name)
		}
		o := object{}
		value(&o, &v, fields)
		read := object{in: string(o.out), reading: true}
		var again T
		if value(&read, &again, fields); again != v || read.err != nil || read.in != "" {
			t.Errorf("%s: %s is read as %+v, %v", name, o.out, again, read.err)
		}
	}
}

// withRest returns an Info with the field that has no name outside of its package.
func withRest[T any](v T) T {
	raw := signals.RawInfo{}
	raw[40] = 0xa7
	if info, ok := any(&v).(*signals.Info); ok {
		*info = signals.Decode(&raw)
	}
	return v
}

// fill gives a value something other than zero.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("a \"\\\n\x01é\u2028")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fill(v.Field(i))
			}
		}
	default:
		if v.CanInt() {
			v.SetInt(-1)
		} else {
			v.SetUint(1)
		}
	}
}

// TestWhys has a word for every reason.
func TestWhys(t *testing.T) {
	for w := range 1 << 8 {
		_, errWord := strconv.Atoi(why(w).String())
		if _, err := strconv.Atoi(machine.Why(w).String()); (err == nil) != (errWord == nil) && w != 0 {
			t.Errorf("%q has the word %q", machine.Why(w), why(w))
		}
	}
}
