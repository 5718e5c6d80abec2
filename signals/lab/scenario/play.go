package scenario

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"supervise/signals"
	"supervise/signals/lab/bench"
)

// player plays a scenario once.
type player struct {
	h     *bench.Holder
	s     *Scenario
	turn  int
	p     *bench.Program
	round Round

	read      int       // how much of the output wait-output is past
	delivered bool      // some signal was sent to the living program
	asked     time.Time // when it was last asked to end: see asks
	cut       bool      // a step failed: those behind it were left out
	late      bool      // a signal was sent that was not an early one
	earlyEnd  bool      // it had ended before
	sent      map[uint64]int
	notReaped string // the zombies that were seen, in words
}

// play starts the program, does the steps, and judges.
func (p *player) play(command []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), p.s.Timeout)
	defer cancel()
	var env []string
	if len(p.s.Environment) > 0 {
		env = os.Environ()
		for name, value := range p.s.Environment {
			env = slices.DeleteFunc(env, func(e string) bool { return strings.HasPrefix(e, name+"=") })
			env = append(env, name+"="+value)
		}
	}
	var err error
	p.p, err = p.h.Start(&bench.Setup{
		Argv: command, Env: env, Init: p.s.Init, Block: p.s.Block, Ignore: p.s.Ignore, PendingLimit: p.s.PendingLimit, Terminal: p.s.Terminal,
		SmallPipe: slices.ContainsFunc(p.s.Steps, func(s Step) bool { return s.Kind == Reading }),
	})
	if err != nil {
		return fmt.Errorf("cannot start it: %w", err)
	}
	p.asked, p.sent = p.p.Begun, map[uint64]int{}
	for i := range p.s.Steps {
		if p.cut = !p.step(ctx, i); p.cut {
			break
		}
	}
	p.judge(ctx)
	if exit, _, ended := p.p.Exit(); ended {
		p.round.Exit = exit.String()
	}
	if text, _ := p.p.Output.Text(); !p.round.OK {
		p.round.Output = tail(text)
	}
	return nil
}

// check notes how something went, and tells it.
func (p *player) check(step bool, name string, ok bool, seen string) {
	c := Check{Name: name, Step: step, OK: ok, Seen: seen}
	p.round.Checks = append(p.round.Checks, c)
	p.round.OK = p.round.OK && ok
	p.h.Report(c)
}

// step does a step, and reports whether the next one makes sense.
func (p *player) step(ctx context.Context, n int) bool {
	s := &p.s.Steps[n]
	seen, err := p.do(ctx, s, slices.Contains(p.s.earlySteps(), n))
	if err != nil {
		p.check(true, s.String(), false, err.Error())
		return false
	}
	p.check(true, s.String(), true, seen)
	return true
}

func (p *player) do(ctx context.Context, s *Step, early bool) (seen string, err error) {
	switch s.Kind {
	case WaitTime:
		return "", p.waitTime(ctx, s)
	case WaitOutput, WaitSocket, WaitExit:
		return p.wait(ctx, s)
	case Signal:
		if !early {
			p.lookForZombies(ctx)
		}
		return p.signal(ctx, s, early)
	case HangUp:
		p.ask()
		p.p.Output.HangUp()
	case Type:
		p.ask()
		return "", p.p.Output.Type(s.Text)
	case Reading:
		switch s.Rate {
		case All:
			p.p.Output.ReadAll()
		case Close:
			p.ask()
			p.p.Output.HangUp()
		default:
			p.p.Output.Read(s.Rate)
		}
	}
	return "", nil
}

// ask notes that the program is asked to end now, perhaps.
func (p *player) ask() {
	p.markEarly(false)
	p.delivered, p.asked = true, time.Now()
}

// markEarly notes whether the program has ended before all but early signals.
func (p *player) markEarly(early bool) {
	if !early && !p.late {
		_, _, p.earlyEnd = p.p.Exit()
		p.late = true
	}
}

// waitTime waits, in each run a little longer if it is a range.
func (p *player) waitTime(ctx context.Context, s *Step) error {
	d := s.From
	if p.s.Repeat > 1 {
		d += (s.To - s.From) * time.Duration(p.turn) / time.Duration(p.s.Repeat-1)
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return p.tooLong()
	}
}

func (p *player) tooLong() error {
	return fmt.Errorf("not within the %s that the scenario may take", p.s.Timeout)
}

// wait waits for the program.
func (p *player) wait(ctx context.Context, s *Step) (seen string, err error) {
	begin := time.Now()
	inner, cancel := context.WithTimeout(ctx, s.Within)
	defer cancel()
	switch s.Kind {
	case WaitOutput:
		p.read, err = p.p.Output.AwaitMatch(inner, p.read, s.Pattern.Regexp)
		if errors.Is(err, bench.ErrNoMore) {
			p.p.Await(inner, bench.Ended)
			err = fmt.Errorf("the output has ended without it%s", p.fate())
		}
	case WaitSocket:
		err = p.connect(inner, s.Text)
	case WaitExit:
		if p.p.Await(inner, bench.Ended) != bench.Ended {
			err = inner.Err()
		}
	case WaitTime, Signal, HangUp, Type, Reading:
	}
	switch {
	case ctx.Err() != nil:
		return "", p.tooLong()
	case errors.Is(err, context.DeadlineExceeded):
		return "", fmt.Errorf("not within %s%s", s.Within, p.fate())
	}
	return "after " + round(time.Since(begin)), err
}

// fate is how the program has ended, if it has.
func (p *player) fate() string {
	if exit, _, over := p.p.Exit(); over {
		return "; the program has ended: it " + ended(exit)
	}
	return ""
}

// connect waits until somebody accepts connections, which no event tells.
func (p *player) connect(ctx context.Context, address string) error {
	network := "tcp"
	if strings.HasPrefix(address, "/") {
		network = "unix"
	}
	var d net.Dialer
	for {
		c, err := d.DialContext(ctx, network, address)
		if err == nil {
			return c.Close()
		}
		if p.p.State() == bench.Ended && len(p.h.Left()) == 0 {
			return fmt.Errorf("nobody is there%s", p.fate())
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// asks reports whether a signal may be meant to end a program.
func asks(s signals.Signal) bool { return s != signals.SIGSTOP && s != signals.SIGCONT }

// signal sends signals.
func (p *player) signal(ctx context.Context, s *Step, early bool) (seen string, err error) {
	p.markEarly(early)
	if asks(s.Signal) {
		p.asked = time.Now()
	}
	var refused, gone int
	for i := range s.Count {
		if i > 0 && s.Every > 0 {
			time.Sleep(s.Every)
		}
		if ctx.Err() != nil {
			return "", p.tooLong()
		}
		switch err := p.send(s, i); {
		case errors.Is(err, unix.EAGAIN):
			refused++
		case errors.Is(err, unix.ESRCH):
			gone++
		case err != nil:
			return "", err
		default:
			p.delivered = true
		}
	}
	if gone == s.Count && !p.delivered {
		return "", fmt.Errorf("there is nobody to send it to%s", p.fate())
	}
	return p.settle(ctx, s, refused, gone)
}

func (p *player) send(s *Step, i int) error {
	if s.Value == nil {
		return p.p.Signal(s.Scope, s.Signal)
	}
	value := *s.Value + uint64(i)
	err := p.p.Queue(s.Signal, value)
	if err == nil {
		p.sent[value]++
	}
	return err
}

// settle waits until a stop has stopped, and says what became of signals that nobody got.
func (p *player) settle(ctx context.Context, s *Step, refused, gone int) (seen string, err error) {
	switch s.Signal {
	case signals.SIGSTOP:
		if p.p.Await(ctx, bench.Stopped) == bench.Running {
			return "", errors.New("it does not stop" + p.fate())
		}
	case signals.SIGCONT:
		if p.p.Await(ctx, bench.Running) == bench.Stopped {
			return "", errors.New("it does not continue")
		}
	}
	var notes []string
	if refused > 0 {
		notes = append(notes, fmt.Sprintf("%d refused, as its queue was full", refused))
	}
	if gone > 0 {
		notes = append(notes, fmt.Sprintf("%d not sent, as it had ended", gone))
	}
	return strings.Join(notes, ", "), nil
}

// round shortens a time for people.
func round(d time.Duration) string {
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	return d.Round(10 * time.Millisecond).String()
}
