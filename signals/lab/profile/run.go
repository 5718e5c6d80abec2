package profile

import (
	"context"
	"fmt"
	"slices"
	"time"

	"supervise/signals"
	"supervise/signals/lab/bench"
)

// Options say what is tried.
type Options struct {
	Command []string

	// Ready is a regular expression that its output matches when it is ready, Socket an
	// address where it then accepts connections. With neither it is ready when nothing happens
	// for half a second.
	Ready, Socket string
	Within        time.Duration // until it is ready, at the most
	Limit         time.Duration // that a signal has to have an effect
	Repeat        int           // how often each is tried
	Probes        []string      // the names of those that are tried; nil for all
}

// Profile is what was seen.
type Profile struct {
	Command []string    `json:"command"`
	Place   bench.Place `json:"place"`
	Probes  []Probe     `json:"probes"`
}

// delays are when it is sent SIGTERM while it starts.
var delays = []time.Duration{0, time.Millisecond, 5 * time.Millisecond, 20 * time.Millisecond, 100 * time.Millisecond}

// probes are all that are tried.
func probes() (all []Probe) {
	add := func(name string, some ...signals.Signal) {
		all = append(all, Probe{Name: name, Signals: append([]signals.Signal{}, some...), Delay: -1})
	}
	add("start")
	for _, s := range []signals.Signal{signals.SIGTERM, signals.SIGINT, signals.SIGQUIT, signals.SIGHUP, signals.SIGUSR1, signals.SIGUSR2, signals.SIGWINCH} {
		add(s.String(), s)
	}
	add("SIGTERM twice", signals.SIGTERM, signals.SIGTERM)
	for _, d := range delays {
		add(fmt.Sprintf("SIGTERM %s after exec", d), signals.SIGTERM)
		all[len(all)-1].Delay = d
	}
	for _, s := range []signals.Signal{signals.SIGTERM, signals.SIGINT} {
		add(s.String()+" as PID 1", s)
		all[len(all)-1].Init = true
	}
	return all
}

// Count is how many starts of the program a profile takes.
func (o *Options) Count() int { return len(o.probes()) * o.Repeat }

// probes are those that are wanted.
func (o *Options) probes() []Probe {
	all := probes()
	if o.Probes == nil {
		return all
	}
	return slices.DeleteFunc(all, func(p Probe) bool { return !slices.Contains(o.Probes, p.Name) })
}

// Run makes a profile. argv starts this program as a holder: it must call [Play]. Before each
// start it tells which one it is, from 0, unless told is nil. The error is that of the
// context, or says that the program does not start.
func Run(ctx context.Context, argv []string, o *Options, told func(n int, name string)) (*Profile, error) {
	result := &Profile{Command: o.Command, Probes: o.probes()}
	limit := o.Within + o.Limit + 15*time.Second
	for i := range result.Probes {
		p := &result.Probes[i]
		for n := range o.Repeat {
			if told != nil {
				told(i*o.Repeat+n, p.Name)
			}
			one := *p
			var err error
			if result.Place, err = bench.Run(ctx, &bench.Trial{Argv: argv, Limit: limit}, request{o, one}, &one, nil); err != nil {
				one.Error = err.Error()
			}
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			p.merge(&one, n)
		}
		if p.Name == "start" && p.Error != "" {
			return nil, fmt.Errorf("cannot try %q: %s", o.Command[0], p.Error)
		}
	}
	return result, nil
}

// merge notes another try of the same.
func (p *Probe) merge(one *Probe, n int) {
	switch {
	case n == 0:
		*p = *one
	case one.Effect != p.Effect && !slices.Contains(p.Varies, one.Effect):
		p.Varies = append(p.Varies, one.Effect)
	case one.Effect == p.Effect:
		p.Took = max(p.Took, one.Took)
	}
}

// find returns a probe by its name.
func (p *Profile) find(name string) *Probe {
	for i := range p.Probes {
		if p.Probes[i].Name == name {
			return &p.Probes[i]
		}
	}
	return &Probe{}
}
