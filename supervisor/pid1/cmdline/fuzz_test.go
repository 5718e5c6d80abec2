package cmdline

import (
	"strings"
	"testing"

	"supervise/signals"
	"supervise/supervisor/pid1"
	"supervise/supervisor/process"
)

// fuzzLine makes a dialect read arguments, separated by newlines, and one variable of the
// environment. What it makes of them must be something that pid1 can work with.
func fuzzLine(f *testing.F, program string, seeds ...string) {
	for _, seed := range seeds {
		f.Add(seed, "")
	}
	index, ok := ByName(program)
	if !ok {
		f.Fatal("nobody is called", program)
	}
	f.Fuzz(func(t *testing.T, joined, variable string) {
		if len(joined) > 1000 || len(variable) > 1000 {
			return
		}
		args := strings.Split(joined, "\n")
		options, answer := Parse(index, program, args, []string{variable})
		if answer != nil {
			if options != nil || answer.Text == "" || answer.Status < 0 || answer.Status > 2 || answer.FD != 1 && answer.FD != 2 {
				t.Fatalf("%q: %+v, %+v", args, options, answer)
			}
			return
		}
		check(t, options, args)
	})
}

func check(t *testing.T, o *pid1.Options, args []string) {
	t.Helper()
	if len(o.Command) == 0 && !o.Pause || len(o.Command) > len(args) {
		t.Errorf("the command is %q", o.Command)
	}
	for i := range o.Command[min(1, len(o.Command)):] { // but for a separator, its arguments are the last ones, untouched
		if o.Command[len(o.Command)-1-i] != args[len(args)-1-i] {
			t.Errorf("the command is %q of %q", o.Command, args)
		}
	}
	if o.StopTimeout < 0 || o.Drain < 0 || o.Grace < 0 || max(o.StopTimeout, o.Drain, o.Grace) > longest {
		t.Errorf("durations %d %d %d", o.StopTimeout, o.Drain, o.Grace)
	}
	if o.Group && o.Placement == process.SameGroup {
		t.Error("signals would go to our own group")
	}
	if o.ParentDeath > signals.Max || (o.StopSignals|o.RestartOn)&neverForwarded != 0 {
		t.Errorf("signals %v %v %v", o.ParentDeath, o.StopSignals, o.RestartOn)
	}
	for s := signals.Signal(1); s <= signals.Max; s++ {
		if o.Rewrite.Of(s) > signals.Max {
			t.Errorf("%v is rewritten to %d", s, o.Rewrite.Of(s))
		}
	}
}

func FuzzInit(f *testing.F) {
	fuzzLine(f, "supervise-init", "--drain=1m1.5s\n--rewrite\nTERM:QUIT,HUP:0\n-e143:0\n--\ntrue\n-x", "-vvgs\n--kill-remaining\ntrue",
		"--on-signal=HUP=restart\n--stop-signals=TERM,RTMIN+3\n--session\ntrue", "--ready-fd=3\n--log-format\njson\n-pKILL\ntrue")
}

func FuzzTini(f *testing.F) {
	fuzzLine(f, "tini", "-svvgw\n-e\n 143\n-pSIGKILL\n--\ntrue", "prog\n--\n-x", "--version")
}

func FuzzDumbInit(f *testing.F) {
	fuzzLine(f, "dumb-init", "-r15:3\n--rew\n2:0\n--single-child\ntrue", "--rewrite=15:12foo\n-v\ntrue")
}

func FuzzCatatonit(f *testing.F) {
	fuzzLine(f, "catatonit", "-g\n--\ntrue\n-g", "-P", "--v")
}

// FuzzRewrite reads a table of rewritings, and reads it back.
func FuzzRewrite(f *testing.F) {
	f.Add("TERM:QUIT,HUP:0,1:64,RTMAX-1:KILL")
	f.Add("15:12foo")
	f.Fuzz(func(t *testing.T, value string) {
		if len(value) > 1000 {
			return
		}
		var l, second Line
		if !l.rewrite(value) {
			return
		}
		r, again := &l.Options.Rewrite, &second.Options.Rewrite
		changed := signals.Set(0)
		for s := signals.Signal(1); s <= signals.Max; s++ {
			if !r.Has(s) {
				continue
			}
			to := "0"
			if r.Of(s) != 0 {
				to = r.Of(s).String()
			}
			if !second.rewrite(s.String() + ":" + to) {
				t.Errorf("%q: %v is rewritten to %s: %v", value, s, to, second.problem)
			}
			if r.Of(s) != s {
				changed = changed.With(s)
			}
		}
		if *r != *again || r.Changed() != changed || changed&neverForwarded != 0 {
			t.Errorf("%q: %v, read again %v", value, r, again)
		}
	})
}
