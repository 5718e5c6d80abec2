package atexec

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"supervise/coredump"
	"supervise/signals"
)

// Change is what is to differ from what was inherited. The zero value changes nothing.
type Change struct {
	// Reset empties the mask and sets every disposition to SIG_DFL, before the rest.
	Reset                           bool
	Block, Unblock, Ignore, Default signals.Set

	PendingLimit, CoreLimit *Limit
	CoreFilter              *coredump.Filter

	Subreaper   *bool
	ParentDeath *signals.Signal // 0: none

	NewSession, NewGroup bool
}

// Limit is a resource limit: setrlimit(2). A nil half stays as it is.
type Limit struct{ Soft, Hard *uint64 }

// ConflictError says that a signal is to be in two states at once.
type ConflictError struct {
	Signals signals.Set
	One, Or string
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("%v: %s and %s exclude each other", e.Signals, e.One, e.Or)
}

// Check finds contradictions.
func (c *Change) Check() error {
	if both := c.Block & c.Unblock; both != 0 {
		return &ConflictError{both, "--block", "--unblock"}
	}
	if both := c.Ignore & c.Default; both != 0 {
		return &ConflictError{both, "--ignore", "--default"}
	}
	if c.NewSession && c.NewGroup {
		return &ConflictError{0, "--new-session", "--new-group"}
	}
	return nil
}

// Apply returns a mask and ignored signals after the change.
func (c *Change) Apply(mask, ignored signals.Set) (newMask, newIgnored signals.Set) {
	if c.Reset {
		mask, ignored = 0, 0
	}
	return (mask | c.Block) &^ c.Unblock & catchable, (ignored | c.Ignore) &^ c.Default & catchable
}

// catchable are the signals that can be blocked and ignored.
const catchable = signals.Full &^ (1<<(signals.SIGKILL-1) | 1<<(signals.SIGSTOP-1))

// ParseSet parses signals, separated by commas: "TERM,INT", "all", "RTMIN+1". SIGKILL and
// SIGSTOP are errors, as they can be neither blocked nor ignored; "all" is without them.
func ParseSet(text string) (set signals.Set, err error) {
	for _, name := range strings.Split(text, ",") {
		if strings.EqualFold(strings.TrimSpace(name), "all") {
			set |= catchable
			continue
		}
		s, err := signals.Parse(name)
		if err != nil {
			return 0, err
		}
		if !s.Catchable() {
			return 0, fmt.Errorf("%v can be neither blocked nor ignored: signal(7)", s)
		}
		set = set.With(s)
	}
	return set, nil
}

// ParseLimit parses a limit as prlimit(1) does: N for both, SOFT:HARD, or one of them, SOFT: or
// :HARD. one parses each number.
func ParseLimit(text string, one func(string) (uint64, error)) (*Limit, error) {
	parse := func(part string) (*uint64, error) {
		if part == "" {
			return nil, nil
		}
		n, err := one(part)
		return &n, err
	}
	soft, hard, two := strings.Cut(text, ":")
	if !two {
		hard = soft
	}
	var limit Limit
	var err error
	if limit.Soft, err = parse(soft); err == nil {
		limit.Hard, err = parse(hard)
	}
	switch {
	case err != nil:
		return nil, err
	case limit.Soft == nil && limit.Hard == nil:
		return nil, fmt.Errorf("%q is no limit: give N, SOFT:HARD, SOFT: or :HARD", text)
	case limit.Soft != nil && limit.Hard != nil && *limit.Soft > *limit.Hard:
		return nil, fmt.Errorf("%q has a soft limit above the hard one", text)
	}
	return &limit, nil
}

// Unlimited is RLIM_INFINITY.
const Unlimited = math.MaxUint64

// ParseCount parses a number of signals, or "unlimited".
func ParseCount(text string) (uint64, error) {
	if text == "unlimited" {
		return Unlimited, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n == Unlimited {
		return 0, fmt.Errorf("%q is no number of signals, nor unlimited", text)
	}
	return n, nil
}
