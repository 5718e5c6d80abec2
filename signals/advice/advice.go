package advice

import (
	"strconv"

	"supervise/signals"
	"supervise/signals/state"
)

// Finding is one thing that is unusual.
type Finding struct {
	ID     string `json:"id"`
	Text   string `json:"text"`
	Remedy string `json:"remedy"`
}

// Facts are what is known of a process.
type Facts struct {
	*state.Process
	Actions  *state.Actions // nil if they are not known
	Handlers []string       // the functions that its handlers are, as far as they are known
	Modules  []string       // the files of its code; nil if they are not known
	Go       bool           // it is a Go program
	Parent   Relative       // its PID is 0 if it is not known
	Children []Relative
}

// Relative is a parent or a child.
type Relative struct {
	PID     int
	Comm    string
	Ignored signals.Set // by a parent
	Zombie  bool        // a child that has been one for a while
}

// kinds are all kinds of findings, in the order in which they are told.
var kinds = []struct {
	id   string
	look func(*Facts) (text, remedy string)
}{
	{"init-without-term", initWithoutTerm},
	{"shell-init", shellInit},
	{"wrapper", wrapper},
	{"stopped", stopped},
	{"queue-full", queueFull},
	{"background-ignores", backgroundIgnores},
	{"pipe-ignored", pipeIgnored},
	{"chld-ignored", childIgnored},
	{"term-ignored", termIgnored},
	{"blocked", blocked},
	{"zombies", zombies},
	{"runtime-go", goRuntime},
	{"runtime-jvm", jvm},
	{"runtime-node", node},
}

// IDs are those of all kinds of findings, in the order in which they are told.
func IDs() (ids []string) {
	for _, k := range kinds {
		ids = append(ids, k.id)
	}
	return ids
}

// About returns what is unusual about a process, an empty list if nothing is.
func About(f *Facts) []Finding {
	found := []Finding{}
	if f.Kernel {
		return found // which ignores all signals, but for those that it asks for
	}
	for _, k := range kinds {
		if text, remedy := k.look(f); text != "" {
			found = append(found, Finding{k.id, text, remedy})
		}
	}
	return found
}

// untouched reports whether a signal that comes has its default effect: it is neither caught,
// ignored, blocked by all threads nor taken by sigwait(3) or signalfd(2).
func (f *Facts) untouched(s signals.Signal) bool {
	return f.Disposition(s) == state.Default && !f.AllBlocked().Has(s) && !f.Taken().Has(s)
}

// origin is who has decided that a signal is ignored.
func (f *Facts) origin(s signals.Signal) state.Origin {
	if f.Actions == nil {
		return state.Unknown
	}
	return f.Actions.Of(s).Origin()
}

// named is a process with its name: 812 (nginx).
func named(r Relative) string {
	text := strconv.Itoa(r.PID)
	if r.Comm != "" {
		text += " (" + r.Comm + ")"
	}
	return text
}

// list names some processes, and says how many more there are.
func list(relatives []Relative) string {
	const most = 4
	text := ""
	for i, r := range relatives {
		switch {
		case i == most:
			return text + " and " + strconv.Itoa(len(relatives)-most) + " more"
		case i > 0:
			text += ", "
		}
		text += named(r)
	}
	return text
}

// living are the children that are no zombies.
func (f *Facts) living() (living []Relative) {
	for _, c := range f.Children {
		if !c.Zombie {
			living = append(living, c)
		}
	}
	return living
}
