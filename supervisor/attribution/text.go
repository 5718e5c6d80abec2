package attribution

import (
	"fmt"
	"slices"
	"strconv"
)

var certaintyNames = [numCertainties]string{
	NoSignal: "no-signal", Unknown: "unknown", FaultOrUnknown: "fault-or-unknown", Possible: "possible", Certain: "certain",
}

var reasonNames = [numReasons]string{Asked: "asked", Rung: "rung", LadderEnd: "ladder-end"}

var evidenceNames = [numEvidence]string{
	NoEvidence: "none", MachineCount: "machine-count", CgroupCount: "cgroup-count", KernelLog: "kernel-log",
}

func (c Certainty) String() string { return name(certaintyNames[:], c) }
func (r Reason) String() string    { return name(reasonNames[:], r) }
func (e Evidence) String() string  { return name(evidenceNames[:], e) }

// MarshalText writes the name.
func (c Certainty) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads a name; any other text is an error.
func (c *Certainty) UnmarshalText(text []byte) error { return parse(certaintyNames[:], text, c) }

// MarshalText writes the name.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads a name; any other text is an error.
func (r *Reason) UnmarshalText(text []byte) error { return parse(reasonNames[:], text, r) }

// MarshalText writes the name.
func (e Evidence) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText reads a name; any other text is an error.
func (e *Evidence) UnmarshalText(text []byte) error { return parse(evidenceNames[:], text, e) }

// name returns the name of a value, or its number if it has none.
func name[E ~uint8](names []string, value E) string {
	if int(value) < len(names) {
		return names[value]
	}
	return strconv.Itoa(int(value))
}

// parse finds the value that a name stands for.
func parse[E ~uint8](names []string, text []byte, value *E) error {
	i := slices.Index(names, string(text))
	if i < 0 {
		return fmt.Errorf("unknown word %q", text)
	}
	*value = E(i)
	return nil
}
