package advice_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"supervise/signals"
	"supervise/signals/advice"
	"supervise/signals/state"
)

// TestDocs has docs/signals.md name every finding, and no other.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/signals.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "| id | what |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var named []string
	for line := range strings.Lines(table) {
		cell, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " |")
		for word := range strings.FieldsSeq(cell) {
			if id, ok := strings.CutPrefix(word, "`"); ok {
				named = append(named, strings.TrimSuffix(id, "`"))
			}
		}
	}
	if want := advice.IDs(); !slices.Equal(named, want) {
		t.Errorf("the page has %q, want %q", named, want)
	}
}

// healthy is a process of which there is nothing to be said.
func healthy() *advice.Facts {
	return &advice.Facts{
		Process: &state.Process{
			PID: 812, Command: []string{"/usr/sbin/app", "--serve"}, Status: state.Status{Comm: "app", State: 'S', Parent: 7, Inner: 812, Namespaces: 1, Queued: 3, Limit: 100},
			Threads: []state.Thread{{TID: 812, State: 'S'}, {TID: 813, State: 'S'}},
		},
		Actions: &state.Actions{}, Parent: advice.Relative{PID: 7, Comm: "sh"},
	}
}

var (
	term, pipe, chld = signals.SIGTERM, signals.SIGPIPE, signals.SIGCHLD
	own              = state.Action{Handler: state.IgnoreHandler, Flags: state.Restart}
	inherited        = state.Action{Handler: state.IgnoreHandler}
)

func ignore(f *advice.Facts, a state.Action, ignored ...signals.Signal) {
	for _, s := range ignored {
		f.Ignored = f.Ignored.With(s)
		if f.Actions != nil {
			*f.Actions.Of(s) = a
		}
	}
}

func plain(f *advice.Facts) { f.Actions = nil }

func children(f *advice.Facts, comms ...string) {
	for i, comm := range comms {
		f.Children = append(f.Children, advice.Relative{PID: 900 + i, Comm: comm})
	}
}

func block(f *advice.Facts, set signals.Set) {
	for i := range f.Threads {
		f.Threads[i].Blocked |= set
	}
}

// TestFindings has for each finding what makes it, and what is nearly that. A finding is
// named by its id, and a part of its text behind a colon; several are separated by |.
func TestFindings(t *testing.T) {
	tests := map[string]struct {
		change func(f *advice.Facts)
		want   string
	}{
		"healthy":                  {func(*advice.Facts) {}, ""},
		"init without TERM":        {func(f *advice.Facts) { f.Inner = 1 }, "init-without-term:has no handler for SIGTERM"},
		"init that ignores TERM":   {func(f *advice.Facts) { f.Inner = 1; ignore(f, own, term) }, "init-without-term:ignores SIGTERM"},
		"init that catches TERM":   {func(f *advice.Facts) { f.Inner = 1; f.Caught = signals.SetOf(term) }, ""},
		"init that waits for TERM": {func(f *advice.Facts) { f.Inner = 1; f.Threads[1].Waiting = signals.SetOf(term) }, ""},
		"init that reads TERM":     {func(f *advice.Facts) { f.Inner = 1; f.Descriptors = []state.Descriptor{{FD: 3, Set: signals.SetOf(term)}} }, ""},
		"shell as init": {func(f *advice.Facts) {
			f.Inner = 1
			f.Caught = signals.SetOf(term)
			f.Command = []string{"/bin/sh", "-c", "app; true"}
			children(f, "app")
		}, "shell-init:waits for 900 (app)"},
		"shell as init, exec'ed": {func(f *advice.Facts) {
			f.Inner = 1
			f.Caught = signals.SetOf(term)
			f.Command = []string{"/bin/sh", "-c", "app"}
		}, ""},
		"interactive shell": {func(f *advice.Facts) { f.Command = []string{"-bash", "-i"}; children(f, "vi") }, ""},
		"script": {func(f *advice.Facts) {
			f.Command = []string{"bash", "/srv/start.sh"}
			children(f, "app", "b", "c", "d", "e", "f")
		}, "wrapper:900 (app), 901 (b), 902 (c), 903 (d) and 2 more"},
		"script with a trap": {func(f *advice.Facts) {
			f.Command = []string{"bash", "/srv/start.sh"}
			f.Caught = signals.SetOf(term)
			children(f, "app")
		}, ""},
		"script without a child": {func(f *advice.Facts) { f.Command = []string{"bash", "/srv/start.sh"} }, ""},
		"npm":                    {func(f *advice.Facts) { f.Command = []string{"npm run start"}; children(f, "sh") }, "wrapper:does not tell the program that it has started: 900 (sh)"},
		"npm by node":            {func(f *advice.Facts) { f.Command = []string{"node", "/usr/bin/npm-cli.js", "start"}; children(f, "sh") }, "wrapper:npm ends"},
		"npm install":            {func(f *advice.Facts) { f.Command = []string{"npm", "install"}; children(f, "sh") }, ""},
		"node with a child":      {func(f *advice.Facts) { f.Command = []string{"node", "server.js"}; children(f, "sh") }, ""},
		"stopped":                {func(f *advice.Facts) { f.Threads[0].State, f.Threads[1].State = 'T', 'T' }, "stopped:gets no signal"},
		"stopped, TERM pending": {func(f *advice.Facts) {
			f.Threads[0].State, f.Threads[1].State = 'T', 'T'
			f.Shared = signals.SetOf(term, signals.SIGWINCH)
		}, "stopped:and SIGTERM waits"},
		"one thread stopped":    {func(f *advice.Facts) { f.Threads[0].State = 'T' }, ""},
		"queue nearly full":     {func(f *advice.Facts) { f.Queued = 97 }, "queue-full:97 % full (97 of 100)"},
		"queue not full":        {func(f *advice.Facts) { f.Queued = 89 }, ""},
		"no queue":              {func(f *advice.Facts) { f.Queued, f.Limit = 0, 0 }, "queue-full:100 % full (0 of 0)"},
		"background":            {func(f *advice.Facts) { ignore(f, inherited, signals.SIGINT, signals.SIGQUIT) }, "background-ignores:Ctrl-C"},
		"background, not known": {func(f *advice.Facts) { plain(f); ignore(f, own, signals.SIGINT, signals.SIGQUIT) }, "background-ignores:Ctrl-C"},
		"a shell ignores them": {func(f *advice.Facts) {
			plain(f)
			f.Command = []string{"bash", "x"}
			ignore(f, own, signals.SIGINT, signals.SIGQUIT)
		}, ""},
		"ignores them itself":             {func(f *advice.Facts) { ignore(f, own, signals.SIGINT, signals.SIGQUIT) }, ""},
		"only INT":                        {func(f *advice.Facts) { ignore(f, inherited, signals.SIGINT) }, ""},
		"PIPE inherited":                  {func(f *advice.Facts) { ignore(f, inherited, pipe) }, "pipe-ignored:from who has started it"},
		"PIPE inherited from the parent":  {func(f *advice.Facts) { ignore(f, inherited, pipe); f.Parent.Ignored = signals.SetOf(pipe) }, "pipe-ignored:its parent, 7 (sh)"},
		"PIPE, as a user, the parent too": {func(f *advice.Facts) { plain(f); ignore(f, own, pipe); f.Parent.Ignored = signals.SetOf(pipe) }, "pipe-ignored:its parent, 7 (sh)"},
		"PIPE, as a user, not the parent": {func(f *advice.Facts) { plain(f); ignore(f, own, pipe) }, ""},
		"PIPE by itself":                  {func(f *advice.Facts) { ignore(f, own, pipe); f.Parent.Ignored = signals.SetOf(pipe) }, ""},
		"CHLD inherited":                  {func(f *advice.Facts) { ignore(f, inherited, chld) }, "chld-ignored:by inheritance"},
		"CHLD by itself":                  {func(f *advice.Facts) { ignore(f, own, chld) }, "chld-ignored:SIGCHLD is ignored: its"},
		"CHLD, as a user":                 {func(f *advice.Facts) { plain(f); ignore(f, own, chld) }, "chld-ignored:SIGCHLD is ignored: its"},
		"SA_NOCLDWAIT":                    {func(f *advice.Facts) { f.Actions.Of(chld).Flags = state.NoChildWait }, "chld-ignored:SA_NOCLDWAIT"},
		"TERM ignored":                    {func(f *advice.Facts) { ignore(f, own, term) }, "term-ignored:SIGTERM is ignored: a stop"},
		"TERM ignored by inheritance":     {func(f *advice.Facts) { ignore(f, inherited, term) }, "term-ignored:by inheritance"},
		"TERM blocked":                    {func(f *advice.Facts) { block(f, signals.SetOf(term, signals.SIGUSR1)) }, "blocked:every thread blocks SIGTERM, and"},
		"TERM blocked and pending": {func(f *advice.Facts) {
			block(f, signals.SetOf(term))
			f.Threads = f.Threads[:1]
			f.Shared = signals.SetOf(term)
		}, "blocked:it blocks SIGTERM, and has neither sigwait(3) nor signalfd(2) for it; SIGTERM waits already"},
		"TERM blocked, read": {func(f *advice.Facts) {
			block(f, signals.SetOf(term))
			f.Descriptors = []state.Descriptor{{FD: 3, Set: signals.SetOf(term)}}
		}, ""},
		"TERM blocked, not known": {func(f *advice.Facts) { block(f, signals.SetOf(term)); f.HiddenFiles = true }, ""},
		"TERM blocked by one":     {func(f *advice.Facts) { f.Threads[0].Blocked = signals.SetOf(term) }, ""},
		"zombie":                  {func(f *advice.Facts) { children(f, "a"); f.Children[0].Zombie = true }, "zombies:a child has ended"},
		"zombies": {func(f *advice.Facts) {
			children(f, "a", "b", "c")
			f.Children[0].Zombie, f.Children[2].Zombie = true, true
		}, "zombies:2 children have ended and it does not wait for them: 900 (a), 902 (c)"},
		"Go": {func(f *advice.Facts) { f.Go = true; f.Caught = signals.SetOf(signals.SIGURG) }, "runtime-go:signal"},
		"Go by the handler": {func(f *advice.Facts) {
			f.Handlers = []string{"runtime.sigtramp"}
			f.Caught = signals.SetOf(signals.SIGURG)
		}, "runtime-go:signal"},
		"Java":                   {func(f *advice.Facts) { f.Modules = []string{"/usr/bin/java", "/usr/lib/jvm/libjvm.so"} }, "runtime-jvm:shutdown hooks"},
		"node":                   {func(f *advice.Facts) { f.Modules = []string{"/usr/bin/node"} }, "runtime-node:none for SIGTERM"},
		"node with a handler":    {func(f *advice.Facts) { f.Handlers = []string{"node::SignalExit"}; f.Caught = signals.SetOf(term) }, "runtime-node:event loop"},
		"several":                {func(f *advice.Facts) { f.Inner = 1; ignore(f, inherited, pipe, chld) }, "init-without-term:|pipe-ignored:|chld-ignored:"},
		"a thread of the kernel": {func(f *advice.Facts) { f.Kernel = true; ignore(f, inherited, pipe, chld, term) }, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := healthy()
			test.change(f)
			found := advice.About(f)
			if found == nil {
				t.Error("nil is null in JSON")
			}
			var wanted []string
			if test.want != "" {
				wanted = strings.Split(test.want, "|")
			}
			if len(found) != len(wanted) {
				t.Fatalf("found %+v, want %q", found, wanted)
			}
			for i, w := range wanted {
				id, text, _ := strings.Cut(w, ":")
				if found[i].ID != id || !strings.Contains(found[i].Text, text) || found[i].Remedy == "" {
					t.Errorf("found %+v, want %q", found[i], w)
				}
			}
			if slices.ContainsFunc(found, func(f advice.Finding) bool { return strings.HasSuffix(f.Text, ".") || strings.Contains(f.Text, "\n") }) {
				t.Errorf("a sentence ends: %+v", found)
			}
		})
	}
}
