package profile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"time"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/lab/bench"
	"supervise/signals/state/procfs"
)

// Effect is what a program does upon a signal.
type Effect string

// The effects.
const (
	Ends     Effect = "ends"
	Nothing  Effect = "nothing seen" // within the limit
	Reexecs  Effect = "executes itself anew"
	Replaces Effect = "replaces its processes" // and the main process remains
	Stops    Effect = "is suspended"
	Daemon   Effect = "goes into the background"
	Runs     Effect = "runs" // as it should without a signal
)

// Probe is one try, and what was seen.
type Probe struct {
	Name    string           `json:"probe"`
	Signals []signals.Signal `json:"signals"`
	Init    bool             `json:"pid1,omitempty"`
	// Delay is how long after execve(2) the signal was sent, in nanoseconds; -1 for when it was ready.
	Delay time.Duration `json:"delay_ns"`

	Disposition string        `json:"disposition,omitempty"` // of the signal, when it was sent: default, ignored, caught
	Effect      Effect        `json:"effect,omitempty"`
	Took        time.Duration `json:"took_ns"` // from the first signal to the end
	Exit        *signals.Exit `json:"exit,omitempty"`
	Left        []string      `json:"left,omitempty"`  // what is there a second after the end, by name
	Error       string        `json:"error,omitempty"` // why it could not be tried
	Varies      []Effect      `json:"varies,omitempty"`
}

// request is what a holder is to do.
type request struct {
	Options *Options
	Probe   Probe
}

// How long is waited for what comes by itself.
const (
	settled  = 500 * time.Millisecond // nothing has happened for so long: it is ready, or done
	forLeft  = time.Second            // what ends within is not left behind
	between  = 300 * time.Millisecond // two signals
	settling = 10 * time.Second       // at the most until nothing happens, if only that says that it is ready
	briefly  = 2 * time.Second        // the same, if something has said so
)

// Play is what the holder does: one probe.
func Play(h *bench.Holder, text []byte) (any, error) {
	var r request
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, err
	}
	p := &r.Probe
	if err := p.play(h, r.Options); err != nil {
		p.Error = err.Error()
	}
	return p, nil
}

// play starts the program, sends the signals, and looks.
func (p *Probe) play(h *bench.Holder, o *Options) error {
	program, err := h.Start(&bench.Setup{Argv: o.Command, Init: p.Init, NoCores: true})
	if err != nil {
		return fmt.Errorf("cannot start it: %w", err)
	}
	quiet := false
	if p.Delay < 0 {
		if quiet, err = o.await(h, program); err != nil {
			return err
		}
	} else {
		time.Sleep(p.Delay)
	}
	if len(p.Signals) == 0 {
		p.Effect = Runs
		if program.State() == bench.Ended {
			p.ended(h, program, program.Begun)
			if len(p.Left) > 0 && p.Exit.Status() == 0 {
				p.Effect = Daemon
			}
		}
		return nil
	}
	if program.State() == bench.Ended && p.Delay < 0 {
		exit, _, _ := program.Exit()
		return fmt.Errorf("it %s before it was sent anything", ended(exit))
	}
	return p.send(h, o, program, quiet)
}

// send sends the signals, and looks what becomes of them: of a program that was quiet, also
// whether its processes have changed.
func (p *Probe) send(h *bench.Holder, o *Options, program *bench.Program, quiet bool) error {
	before, image := names(h.Left(), 0), bench.Image(program.PID)
	pids := pidsOf(h.Left())
	if process, err := procfs.Read(program.PID); err == nil {
		p.Disposition = process.Disposition(p.Signals[0]).String()
	}
	begin := time.Now()
	for i, s := range p.Signals {
		if i > 0 {
			time.Sleep(between)
		}
		if err := program.Signal(bench.Main, s); err != nil && i == 0 && p.Delay < 0 {
			return fmt.Errorf("cannot send %s: %w", s, err)
		}
	}
	ctx, cancel := context.WithDeadline(context.Background(), begin.Add(o.Limit))
	defer cancel()
	if stops(p.Signals[0]) || p.Delay >= 0 {
		program.Await(ctx, bench.Ended)
	} else {
		h.Quiet(ctx, program, 2*settled)
	}
	switch {
	case program.State() == bench.Ended:
		p.Effect = Ends
		p.ended(h, program, begin)
		if p.Exit.Status() == 0 && len(p.Left) > 0 && p.Delay >= 0 {
			p.Effect = Daemon
		}
	case program.State() == bench.Stopped:
		p.Effect = Stops
	case bench.Image(program.PID) != image && p.Delay < 0:
		p.Effect = Reexecs
	case quiet && !slices.Equal(pids, pidsOf(h.Left())):
		p.Effect = Replaces
		if after := names(h.Left(), 0); !slices.Equal(before, after) {
			p.Left = after
		}
	default:
		p.Effect = Nothing
	}
	return nil
}

// stops reports whether a signal is one that programs are ended by, so that their end is waited
// for as long as it may take.
func stops(s signals.Signal) bool {
	return slices.Contains([]signals.Signal{signals.SIGTERM, signals.SIGINT, signals.SIGQUIT}, s)
}

// ended notes how the program has ended, and what it leaves.
func (p *Probe) ended(h *bench.Holder, program *bench.Program, begin time.Time) {
	exit, at, _ := program.Exit()
	p.Exit, p.Took = &exit, max(0, at.Sub(begin))
	for begin := time.Now(); time.Since(begin) < forLeft && len(h.Left()) > 0; {
		time.Sleep(10 * time.Millisecond)
	}
	p.Left = names(h.Left(), program.PID)
}

func ended(e signals.Exit) string {
	if e.Signal != 0 {
		return "was " + e.String()
	}
	return e.String()
}

// names are the names of processes but one, each once: "3 nginx", "sh".
func names(list []sys.Stat, but int) (words []string) {
	count := map[string]int{}
	for _, s := range list {
		if s.PID != but {
			count[s.Name]++
		}
	}
	for name, n := range count {
		if n > 1 {
			name = fmt.Sprintf("%d %s", n, name)
		}
		words = append(words, name)
	}
	slices.Sort(words)
	return words
}

func pidsOf(list []sys.Stat) (pids []int) {
	for _, s := range list {
		pids = append(pids, s.PID)
	}
	slices.Sort(pids)
	return pids
}

// await waits until the program is ready. Some are never quiet, and start processes all the
// time.
func (o *Options) await(h *bench.Holder, program *bench.Program) (quiet bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), o.Within)
	defer cancel()
	switch {
	case o.Ready != "":
		pattern, err := regexp.Compile("(?m)" + o.Ready)
		if err != nil {
			return false, err
		}
		if _, err = program.Output.AwaitMatch(ctx, 0, pattern); err != nil {
			return false, o.notReady(program, err)
		}
	case o.Socket != "":
		if err := connect(ctx, h, program, o.Socket); err != nil {
			return false, o.notReady(program, err)
		}
	}
	patience := settling
	if o.Ready != "" || o.Socket != "" {
		patience = briefly
	}
	ctx, cancel = context.WithTimeout(ctx, patience)
	defer cancel()
	return h.Quiet(ctx, program, settled), nil
}

func (o *Options) notReady(program *bench.Program, err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("not within %s", o.Within)
	}
	text, _ := program.Output.Text()
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return fmt.Errorf("it is not ready: %w; it wrote at last: %q", err, lines[len(lines)-1])
}

// connect waits until somebody accepts connections, which no event tells.
func connect(ctx context.Context, h *bench.Holder, program *bench.Program, address string) error {
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
		if program.State() == bench.Ended && len(h.Left()) == 0 {
			exit, _, _ := program.Exit()
			return fmt.Errorf("it %s", ended(exit))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}
