package trace

import "time"

// Header is what is known of a trace when it begins.
type Header struct {
	Begun   time.Time `json:"begun"`
	Boot    time.Time `json:"boot"`    // when CLOCK_BOOTTIME was 0, by the clock of Life.Time
	Backend string    `json:"backend"` // "bpf", "tracefs", "ptrace"
	What    string    `json:"what"`    // that was traced, as it was asked for: "--all --signal TERM"
	Host    string    `json:"host"`
	Kernel  string    `json:"kernel"`  // uname -r
	Program string    `json:"program"` // that recorded: "supervise 0.1.0"
}

// Beginner is a [Sink] that also wants to know of what the trace is. Begin is called once,
// first.
type Beginner interface{ Begin(*Header) error }

// Begin hands the header to each that is a [Beginner].
func (s Sinks) Begin(h *Header) error {
	return s.each(func(k Sink) error {
		if b, ok := k.(Beginner); ok {
			return b.Begin(h)
		}
		return nil
	})
}
