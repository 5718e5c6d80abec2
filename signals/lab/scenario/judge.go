package scenario

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/lab/bench"
)

// How long is waited for what comes by itself, after the last step.
const (
	forReaping = time.Second     // for a parent that is told of its children, and for dying processes
	forOutput  = 3 * time.Second // for what a living program still writes
	forEnd     = 500 * time.Millisecond
)

// judge compares the program with what is expected of it.
func (p *player) judge(ctx context.Context) {
	e := &p.s.Expect
	if e.StoppedWithin != nil || e.Exit != nil || e.Reaped && !e.Running && p.delivered {
		p.awaitEnd(ctx)
	}
	if e.StoppedWithin != nil {
		p.judgeStop()
	}
	if e.Exit != nil {
		exit, _, over := p.p.Exit()
		seen := "it has not ended"
		if over {
			seen = "it " + ended(exit)
		}
		ok := over && slices.ContainsFunc(e.Exit, func(want signals.Exit) bool { return want.Code == exit.Code && want.Signal == exit.Signal })
		p.check(false, "exit: "+exits(e.Exit), ok, seen)
	}
	if e.Running {
		settled, cancel := context.WithTimeout(ctx, forEnd)
		state := p.p.Await(settled, bench.Ended)
		cancel()
		p.check(false, "still running", state != bench.Ended, strings.TrimPrefix(p.fate(), "; "))
	}
	if e.Reaped {
		p.judgeReaped(ctx)
	}
	p.judgeOutput(ctx)
	if e.Early != "" {
		p.judgeEarly(ctx)
	}
}

// awaitEnd waits for the end of the program, for as long as it may take.
func (p *player) awaitEnd(ctx context.Context) {
	if p.s.Expect.StoppedWithin != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, p.asked.Add(*p.s.Expect.StoppedWithin))
		defer cancel()
	}
	p.lookForZombies(ctx)
	p.p.Await(ctx, bench.Ended)
}

func (p *player) judgeStop() {
	within := *p.s.Expect.StoppedWithin
	exit, at, over := p.p.Exit()
	took := max(0, at.Sub(p.asked))
	seen := "it has not"
	if p.p.State() == bench.Stopped {
		seen += ", and is suspended (SIGSTOP)"
	}
	if over {
		seen = "after " + round(took)
		if exit.Signal == signals.SIGKILL {
			seen += ", by SIGKILL"
		}
	}
	p.check(false, fmt.Sprintf("stopped within %s", within), over && took <= within && exit.Signal != signals.SIGKILL, seen)
}

func exits(list []signals.Exit) string {
	words := make([]string, len(list))
	for i, e := range list {
		words[i] = strconv.Itoa(e.Code)
		if e.Signal != 0 {
			words[i] = e.Signal.String()
		}
	}
	return strings.Join(words, " or ")
}

// lookForZombies looks whether the program waits for its children: for those that have ended
// while it has time for that.
func (p *player) lookForZombies(ctx context.Context) {
	if !p.s.Expect.Reaped || p.p.State() != bench.Running {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, forReaping)
	defer cancel()
	dead := gone(ctx, p.p.Zombies)
	if len(dead) > 0 && p.p.State() == bench.Running {
		p.notReaped = "it does not wait for " + names(dead)
	}
}

// gone waits until there are no such processes, and returns those that remain.
func gone(ctx context.Context, look func() []sys.Stat) (remain []sys.Stat) {
	for {
		if remain = look(); len(remain) == 0 || ctx.Err() != nil {
			return remain
		}
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func names(list []sys.Stat) string {
	const most = 5
	var words []string
	for _, s := range list[:min(most, len(list))] {
		words = append(words, fmt.Sprintf("%s (pid %d)", s.Name, s.PID))
	}
	if len(list) > most {
		words = append(words, fmt.Sprintf("and %d more", len(list)-most))
	}
	return strings.Join(words, ", ")
}

// judgeReaped judges what has become of its children.
func (p *player) judgeReaped(ctx context.Context) {
	const name = "all children reaped"
	p.lookForZombies(ctx)
	if p.notReaped != "" {
		p.check(false, name, false, p.notReaped)
		return
	}
	if p.p.State() != bench.Ended {
		seen := "it has not ended"
		if p.cut {
			seen += ", and the steps behind the one that failed were left out"
		}
		p.check(false, name, !p.cut && (p.s.Expect.Running || !p.delivered), seen)
		return
	}
	settled, cancel := context.WithTimeout(context.Background(), forReaping)
	defer cancel()
	if left := gone(settled, p.h.Left); len(left) > 0 {
		p.check(false, name, false, "it leaves "+names(left))
		return
	}
	p.check(false, name, true, "")
}

// judgeOutput judges what it has written.
func (p *player) judgeOutput(ctx context.Context) {
	e := &p.s.Expect
	limit := forOutput
	if p.p.State() == bench.Ended {
		p.p.Output.ReadAll()
		limit = forReaping // others may have the pipe open
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for _, pattern := range e.Output {
		_, err := p.p.Output.AwaitMatch(ctx, 0, pattern.Regexp)
		p.check(false, "output: "+pattern.Written(), err == nil, p.lacking(err))
	}
	if e.Payloads != nil {
		p.judgePayloads(ctx)
	}
	if len(e.NoOutput) > 0 {
		if p.p.State() != bench.Ended { // it will not end; but what was sent last may yet have an effect
			ctx, cancel = context.WithTimeout(ctx, forEnd)
			defer cancel()
		}
		_ = p.p.Output.Await(ctx, func([]byte) bool { return false }) // to its end
	}
	for _, pattern := range e.NoOutput {
		text, _ := p.p.Output.Text()
		found := pattern.Find(text)
		seen := ""
		if found != nil {
			seen = fmt.Sprintf("it wrote %q", tail(found))
		}
		p.check(false, "no output: "+pattern.Written(), found == nil, seen)
	}
}

// lacking says what is known of an output that lacks something.
func (p *player) lacking(err error) string {
	if err == nil {
		return ""
	}
	text, cut := p.p.Output.Text()
	seen := fmt.Sprintf("not among the %d bytes that it wrote", len(text))
	if cut {
		seen += ", of which the rest was dropped"
	}
	return seen
}

// judgePayloads judges whether each value that was sent is in the output.
func (p *player) judgePayloads(ctx context.Context) {
	missing := map[uint64]int{}
	for value, n := range p.sent {
		missing[value] = n
	}
	pattern, past := p.s.Expect.Payloads, 0 // what is past was looked at: whole lines
	look := func(text []byte) {
		for _, found := range pattern.FindAllSubmatch(text, -1) {
			if value, err := strconv.ParseUint(string(found[1]), 0, 64); err == nil && missing[value] > 0 {
				if missing[value]--; missing[value] == 0 {
					delete(missing, value)
				}
			}
		}
	}
	_ = p.p.Output.Await(ctx, func(text []byte) bool {
		if end := bytes.LastIndexByte(text, '\n') + 1; end > past {
			look(text[past:end])
			past = end
		}
		return len(missing) == 0
	})
	text, _ := p.p.Output.Text()
	look(text[past:])
	values := slices.Sorted(maps.Keys(missing))
	seen := fmt.Sprintf("all %d", len(p.sent))
	if len(values) > 0 {
		const most = 5
		seen = fmt.Sprintf("%d of %d are missing, such as %v", len(values), len(p.sent), values[:min(most, len(values))])
	}
	if len(p.sent) == 0 {
		seen = "none was sent"
	}
	p.check(false, "every payload seen", len(values) == 0 && len(p.sent) > 0, seen)
}

// judgeEarly judges whether the signals have had an effect that were sent while the program
// started: either it has said so, or it has ended before any other was sent.
func (p *player) judgeEarly(ctx context.Context) {
	const name = "no signal lost while starting"
	p.markEarly(false) // if none but early ones were sent
	if p.earlyEnd {
		p.check(false, name, true, "it has ended by then")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, forOutput)
	defer cancel()
	var lost []string
	for _, n := range p.s.earlySteps() {
		s := p.s.Steps[n].Signal
		pattern, err := p.s.Expect.early(s)
		if err == nil {
			_, err = p.p.Output.AwaitMatch(ctx, 0, pattern.Regexp)
		}
		if err != nil && !slices.Contains(lost, s.String()) {
			lost = append(lost, s.String())
		}
	}
	seen := ""
	if len(lost) > 0 {
		seen = "nothing came of " + strings.Join(lost, ", ")
	}
	p.check(false, name, len(lost) == 0, seen)
}
