package trace

import "strconv"

// Verdict is what became of a signal in the end. The zero value is no verdict yet.
type Verdict uint8

// The verdicts.
const (
	Handled    Verdict = iota + 1 // a handler ran
	Taken                         // sigtimedwait(2), signalfd(2) or the like took it from the queue
	Terminated                    // it ended the process, by default
	Dumped                        // it ended the process, by default with a core dump
	Stopped                       // it stopped the process
	Continued                     // SIGCONT ended a stop
	Ignored                       // it was ignored when it was sent
	Discarded                     // it waited, and was ignored or thrown away later
	Coalesced                     // it was merged with one that waited already
	Overflow                      // the queue was full: the sender got EAGAIN
	Dropped                       // kept from the init of a PID namespace, which has no handler for it
	Failed                        // the call that was to send it failed
	Pending                       // it still waits, at the end of the trace
	Unseen                        // how it ended was not recorded: records were dropped
)

var verdicts = [...]string{
	Handled: "handled", Taken: "taken", Terminated: "terminated", Dumped: "dumped", Stopped: "stopped",
	Continued: "continued", Ignored: "ignored", Discarded: "discarded", Coalesced: "coalesced",
	Overflow: "overflow", Dropped: "dropped", Failed: "failed", Pending: "pending", Unseen: "unseen",
}

// Verdicts returns all, in their order.
func Verdicts() []Verdict {
	all := make([]Verdict, 0, len(verdicts)-1)
	for v := Handled; int(v) < len(verdicts); v++ {
		all = append(all, v)
	}
	return all
}

// String returns the word that traces have for the verdict: "handled".
func (v Verdict) String() string {
	if v == 0 || int(v) >= len(verdicts) {
		return "Verdict(" + strconv.Itoa(int(v)) + ")"
	}
	return verdicts[v]
}

// MarshalText returns the word.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText parses the word.
func (v *Verdict) UnmarshalText(word []byte) error {
	for i, w := range verdicts {
		if i > 0 && w == string(word) {
			*v = Verdict(i)
			return nil
		}
	}
	return &WordError{string(word)}
}

// WordError says that a word is none of the verdicts.
type WordError struct{ Word string }

func (e *WordError) Error() string { return strconv.Quote(e.Word) + " is not a verdict of a trace" }
