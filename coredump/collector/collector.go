package collector

import (
	"context"
	"errors"
)

// Collector takes cores until it is closed.
type Collector struct {
	held Held
}

// Open begins to collect. It fails if a way was asked for that cannot be had; with Auto it may
// come to [Off], for the reasons in Held.
func Open(options Options) (*Collector, error) {
	return nil, errors.New("not yet")
}

// Probe says which way Open would take. It changes nothing.
func Probe(options Options) Held { return Held{Way: Off} }

// Held says which way is taken.
func (c *Collector) Held() Held { return c.held }

// Owns reports whether a child of this process is, or was until now, a handler of the
// collector's: its end is no news for anybody else.
func (c *Collector) Owns(pid int) bool { return false }

// Adopt looks for the core that the kernel has written of a process, in the way [Files], and
// has a handler take it over. Whether there was one comes by Progress. It returns false where
// another way holds.
func (c *Collector) Adopt(ended Ended) bool { return false }

// Close puts core_pattern back, takes no further core, and waits for those under way. When ctx
// ends they are told to cut their cores short; who does not is killed.
func (c *Collector) Close(ctx context.Context) error { return nil }
