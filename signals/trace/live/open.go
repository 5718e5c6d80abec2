package live

import (
	"fmt"
	"os"

	"supervise/signals/trace"
	"supervise/signals/trace/bpf"
	"supervise/signals/trace/ptrace"
	"supervise/signals/trace/tracefs"
)

// Backends are the words for [Options.Backend].
func Backends() []string { return []string{"auto", "bpf", "tracefs", "ptrace"} }

// Options say what to trace, and by what.
type Options struct {
	Filter  trace.Filter
	Backend string // one of Backends; "" is auto
	Buffer  int    // bytes for records that nobody has read yet; 0 is the backend's default
}

// way is a backend, and whether it can be used here.
type way struct {
	name string
	open func(*Options) (trace.Backend, error)
}

var ways = []way{
	{"bpf", func(o *Options) (trace.Backend, error) {
		if err := bpf.Permitted(); err != nil {
			return nil, err
		}
		return bpf.Open(bpf.Options{Filter: o.Filter, Ring: o.Buffer})
	}},
	{"tracefs", func(o *Options) (trace.Backend, error) {
		if err := tracefs.Permitted(); err != nil {
			return nil, err
		}
		return tracefs.Open(tracefs.Options{Filter: o.Filter, Buffer: o.Buffer})
	}},
	{"ptrace", func(o *Options) (trace.Backend, error) { return ptrace.Open(o.Filter) }},
}

// Open begins to record by the backend of the options, or by the first that works. The notes
// say why those before it do not, and what it does not see.
func Open(o Options) (backend trace.Backend, notes []string, err error) {
	_, _ = tracefs.Sweep() // it costs every signal of the machine until then, whatever is used now
	auto := o.Backend == "" || o.Backend == "auto"
	for _, w := range ways {
		if !auto && w.name != o.Backend {
			continue
		}
		backend, err := w.open(&o)
		if err == nil {
			note := "tracing by " + w.name
			if limits := backend.Limits(); limits != "" {
				note += ": " + limits
			}
			notes = append(notes, note)
			return backend, notes, nil
		}
		notes = append(notes, w.name+" cannot be used here: "+err.Error())
		if !auto {
			return nil, notes, fmt.Errorf("cannot trace by %s: %w", w.name, err)
		}
	}
	if os.Geteuid() != 0 {
		return nil, notes, fmt.Errorf("cannot trace: a plain user can only trace what he starts, 'supervise trace -- COMMAND', and his own processes; root sees all")
	}
	return nil, notes, fmt.Errorf("cannot trace: no backend can be used here")
}
