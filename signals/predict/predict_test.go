package predict

import (
	"strings"
	"testing"

	"supervise/signals"
	"supervise/signals/state"
)

var (
	term, rt, cont, tstp = signals.SIGTERM, signals.SIGRTMIN, signals.SIGCONT, signals.SIGTSTP

	all   = signals.Full
	none  = Target{Threads: []Thread{{ID: 7}}, Limit: 10}
	queue = Sending{Signal: rt, Code: signals.CodeQueue}
)

// with is a plain target with something changed.
func with(change func(*Target)) Target {
	t := none
	t.Threads = []Thread{{ID: 7}}
	change(&t)
	return t
}

func kill(s signals.Signal) Sending { return Sending{Signal: s} }

func thread(s signals.Signal, id int) Sending {
	return Sending{Signal: s, Code: signals.CodeThread, Thread: id}
}

func TestOf(t *testing.T) {
	caught := func(t *Target) { t.Caught = all }
	blocked := func(t *Target) { t.Threads[0].Blocked = all }
	stopped := func(t *Target) { t.Threads[0].Stopped = true }
	second := func(change func(*Thread)) func(t *Target) {
		return func(t *Target) {
			t.Threads = append(t.Threads, Thread{ID: 8})
			change(&t.Threads[1])
		}
	}
	both := func(changes ...func(*Target)) Target {
		return with(func(t *Target) {
			for _, change := range changes {
				change(t)
			}
		})
	}
	initial := func(outside bool) func(t *Target) {
		return func(t *Target) { t.Init, t.Outside = true, outside }
	}
	full := func(t *Target) { t.Queued = 10 }
	shared := func(s signals.Signal) func(t *Target) {
		return func(t *Target) { t.Shared = signals.SetOf(s) }
	}
	for name, test := range map[string]struct {
		s    Sending
		t    Target
		want Forecast
	}{
		"default":       {kill(term), none, Forecast{Fate: Terminated, Reason: Default, Thread: 7}},
		"core":          {kill(signals.SIGQUIT), none, Forecast{Fate: Dumped, Reason: Default, Thread: 7}},
		"stop":          {kill(tstp), none, Forecast{Fate: Stopped, Reason: Default, Thread: 7}},
		"nothing to do": {kill(signals.SIGWINCH), none, Forecast{Fate: Ignored, Reason: NoEffect}},
		"CONT":          {kill(cont), none, Forecast{Fate: Ignored, Reason: NoEffect}},
		"KILL":          {kill(signals.SIGKILL), both(blocked, stopped), Forecast{Fate: Terminated, Reason: Default}},
		"handler":       {kill(term), both(caught), Forecast{Fate: Handled, Reason: Handler, Thread: 7}},
		"ignored":       {kill(term), with(func(t *Target) { t.Ignored = all }), Forecast{Fate: Ignored, Reason: Disposition}},
		"ignored, blocked": {
			kill(term), both(blocked, func(t *Target) { t.Ignored = all }),
			Forecast{Fate: Pending, Reason: Blocked, Then: Ignored},
		},
		"ignored, traced": {
			kill(term), with(func(t *Target) { t.Ignored, t.Threads[0].Traced = all, true }),
			Forecast{Fate: Ignored, Reason: Tracer, Thread: 7},
		},
		"blocked":         {kill(term), both(caught, blocked), Forecast{Fate: Pending, Reason: Blocked, Then: Handled}},
		"signalfd":        {kill(term), both(blocked, func(t *Target) { t.Descriptors = all }), Forecast{Fate: Taken, Reason: Descriptor}},
		"sigwait":         {kill(term), with(func(t *Target) { t.Threads[0].Waits = all }), Forecast{Fate: Taken, Reason: Waiter, Thread: 7}},
		"sigwait, CHLD":   {kill(signals.SIGCHLD), with(func(t *Target) { t.Threads[0].Waits = all }), Forecast{Fate: Taken, Reason: Waiter, Thread: 7}},
		"another thread":  {kill(term), both(caught, blocked, second(func(*Thread) {})), Forecast{Fate: Handled, Reason: Handler, Thread: 8}},
		"one thread":      {thread(term, 8), both(caught, blocked, second(func(t *Thread) { t.Blocked = all })), Forecast{Fate: Pending, Reason: Blocked, Then: Handled}},
		"no such thread":  {thread(term, 9), none, Forecast{Fate: Failed, Reason: NoThread}},
		"stopped":         {kill(term), both(stopped), Forecast{Fate: Pending, Reason: WhileStopped, Then: Terminated}},
		"stopped, TSTP":   {kill(tstp), both(stopped, caught), Forecast{Fate: Pending, Reason: WhileStopped, Then: Discarded}},
		"stopped, CONT":   {kill(cont), both(stopped), Forecast{Fate: Continued, Reason: NoEffect}},
		"stopped, CONT 2": {kill(cont), both(stopped, caught, blocked), Forecast{Fate: Continued, Reason: Blocked, Then: Pending}},
		"stopped, CONT 3": {kill(cont), both(stopped, func(t *Target) { t.Ignored = all }), Forecast{Fate: Continued, Reason: Disposition}},
		"frozen":          {kill(term), both(caught, func(t *Target) { t.Frozen = true }), Forecast{Fate: Pending, Reason: WhileFrozen, Then: Handled}},
		"frozen, fatal":   {kill(term), with(func(t *Target) { t.Frozen = true }), Forecast{Fate: Terminated, Reason: Default, Thread: 7}},
		"orphaned group":  {kill(tstp), with(func(t *Target) { t.Orphaned = true }), Forecast{Fate: Discarded, Reason: OrphanedGroup, Thread: 7}},
		"coalesced":       {kill(term), both(blocked, shared(term)), Forecast{Fate: Coalesced, Reason: PendingAlready}},
		"other queue":     {thread(term, 7), both(blocked, shared(term)), Forecast{Fate: Pending, Reason: Blocked, Then: Terminated}},
		"queued":          {queue, both(blocked, shared(rt)), Forecast{Fate: Pending, Reason: Blocked, Then: Terminated}},
		"full, kill":      {kill(term), both(full, caught), Forecast{Fate: Handled, Reason: Handler, Thread: 7}},
		"full, sigqueue":  {queue, both(full, caught), Forecast{Fate: Overflow, Reason: QueueFull}},
		"full, kill RT":   {kill(rt), both(full, caught), Forecast{Fate: Handled, Reason: Handler, Thread: 7, InfoLost: true}},
		"full, tgkill":    {thread(term, 7), both(full, caught), Forecast{Fate: Handled, Reason: Handler, Thread: 7, InfoLost: true}},
		"full, value":     {Sending{Signal: term, Code: signals.CodeQueue}, both(full, caught), Forecast{Fate: Handled, Reason: Handler, Thread: 7, InfoLost: true}},
		"full, ignored":   {queue, both(full, func(t *Target) { t.Ignored = all }), Forecast{Fate: Ignored, Reason: Disposition}},
		"init":            {kill(term), both(initial(false)), Forecast{Fate: Dropped, Reason: NamespaceInit}},
		"init, KILL":      {kill(signals.SIGKILL), both(initial(false)), Forecast{Fate: Dropped, Reason: NamespaceInit}},
		"init, handler":   {kill(term), both(initial(false), caught), Forecast{Fate: Handled, Reason: Handler, Thread: 7}},
		"init, above":     {kill(term), both(initial(true)), Forecast{Fate: Dropped, Reason: NamespaceInit}},
		"init, above 2":   {kill(signals.SIGKILL), both(initial(true)), Forecast{Fate: Terminated, Reason: Default}},
		"init, above 3":   {kill(signals.SIGSTOP), both(initial(true)), Forecast{Fate: Stopped, Reason: Default, Thread: 7}},
		"init, blocked":   {kill(term), both(initial(true), blocked), Forecast{Fate: Pending, Reason: Blocked, Then: Dropped}},
		"init, CONT":      {kill(cont), both(initial(true), stopped), Forecast{Fate: Continued, Reason: NamespaceInit}},
		"zombie":          {kill(term), with(func(t *Target) { t.Ended = true }), Forecast{Fate: Discarded, Reason: Zombie}},
		"killed":          {kill(term), with(func(t *Target) { t.Dying = true }), Forecast{Fate: Discarded, Reason: Ending}},
		"not permitted":   {kill(term), with(func(t *Target) { t.Denied = true }), Forecast{Fate: Failed, Reason: NotPermitted}},
		"no threads":      {kill(term), Target{}, Forecast{Fate: Failed, Reason: NoThread}},
	} {
		if got := Of(test.s, &test.t); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

func TestSeen(t *testing.T) {
	caught := with(func(t *Target) { t.Caught = all })
	blocked := with(func(t *Target) { t.Threads[0].Blocked, t.Shared = all, signals.SetOf(term) })
	stopped := with(func(t *Target) { t.Threads[0].Stopped = true })
	for name, test := range map[string]struct {
		before Target
		s      signals.Signal
		after  *Target
		want   Forecast
	}{
		"handled":          {caught, term, &caught, Forecast{Fate: Handled, Reason: Handler, Thread: 7}},
		"handled, ended":   {caught, term, nil, Forecast{Fate: Handled, Reason: Handler, Thread: 7}},
		"default":          {none, term, nil, Forecast{Fate: Terminated, Reason: Default, Thread: 7}},
		"not ended yet":    {none, term, &none, Forecast{Fate: Unseen, Reason: NotGone}},
		"a handler by now": {none, term, &caught, Forecast{Fate: Handled, Reason: Handler}},
		"stopped":          {none, tstp, &stopped, Forecast{Fate: Stopped, Reason: Default, Thread: 7}},
		"not stopped yet":  {none, tstp, &none, Forecast{Fate: Unseen, Reason: NotGone}},
		"pending":          {with(func(t *Target) { t.Threads[0].Blocked = all }), term, &blocked, Forecast{Fate: Pending, Reason: Blocked, Then: Terminated}},
		"coalesced":        {blocked, term, &blocked, Forecast{Fate: Coalesced, Reason: PendingAlready}},
		"sigtimedwait": {
			with(func(t *Target) { t.Threads[0].Blocked = all }), term,
			ptr(with(func(t *Target) { t.Threads[0].Blocked = all })),
			Forecast{Fate: Taken, Reason: Waiter},
		},
		"unblocked": {with(func(t *Target) { t.Threads[0].Blocked, t.Caught = all, all }), term, &caught, Forecast{Fate: Handled, Reason: Handler}},
		"woken": {
			with(func(t *Target) { t.Threads[0].Waits = all }), term, &blocked,
			Forecast{Fate: Pending, Reason: NotGone, Then: Taken},
		},
		"busy": {
			caught, term, ptr(with(func(t *Target) { t.Caught, t.Shared = all, signals.SetOf(term) })),
			Forecast{Fate: Pending, Reason: NotGone, Then: Handled},
		},
	} {
		s := kill(test.s)
		if got := Seen(s, Of(s, &test.before), test.after); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

func ptr(t Target) *Target { return &t }

// TestTargetOf has a main thread that has ended, and is asked nevertheless.
func TestTargetOf(t *testing.T) {
	p := state.Process{PID: 7, Status: state.Status{Inner: 1, Namespaces: 2, Blocked: all, Tracer: 3}}
	if got := TargetOf(&p); !got.Ended || !got.Init || len(got.Threads) != 1 {
		t.Errorf("a zombie: %+v", got)
	}
	p.Threads = []state.Thread{{TID: 8, State: 'T', Pending: signals.SetOf(signals.SIGKILL)}}
	p.Descriptors = []state.Descriptor{{Set: 1}, {Set: 4}}
	got := TargetOf(&p)
	if got.Ended || !got.Dying || got.Descriptors != 5 || len(got.Threads) != 2 || !got.Threads[0].Ended || got.Threads[0].Blocked != all {
		t.Errorf("without its main thread: %+v", got)
	}
	if second := got.Threads[1]; second.ID != 8 || !second.Stopped || !second.Traced {
		t.Errorf("the other thread: %+v", second)
	}
}

// TestWords has a word and a sentence for every value.
func TestWords(t *testing.T) {
	for f := Handled; f <= Unseen; f++ {
		if strings.HasPrefix(f.String(), "Fate(") || f.String() == "" {
			t.Errorf("fate %d is %q", f, f)
		}
	}
	seen := map[string]bool{}
	for r := Handler; r <= Gone; r++ {
		word, why := r.String(), Forecast{Fate: Terminated, Reason: r}.why(term)
		if word == "" || strings.HasPrefix(word, "Reason(") || why == "no reason is known" || seen[word] || seen[why] {
			t.Errorf("reason %d is %q: %q", r, word, why)
		}
		seen[word], seen[why] = true, true
	}
	f := Forecast{Fate: Pending, Reason: Blocked, Then: Handled, InfoLost: true}
	want := "pending: every thread that could take it blocks SIGTERM; then handled; siginfo lost: the queue of its user is full, so that it shows neither sender nor value"
	if got := f.Text(term); got != want {
		t.Errorf("%q\nwant %q", got, want)
	}
}
