package summary

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"supervise/signals"
	"supervise/signals/trace"
)

// most is how many rows there can be; what does not fit is in a last one, of others.
const most = 10_000

// Report is what a trace has. The JSON names are part of the interface of supervise trace.
type Report struct {
	Trace  *trace.Header `json:"trace"`
	Counts *trace.Counts `json:"counts"`

	Verdicts  []Verdict `json:"verdicts"` // those that occur, in their order
	Coalesced Share     `json:"coalesced"`
	Lost      Lost      `json:"lost"`

	Routes []Route `json:"routes"` // most signals first

	Latency *Latency `json:"latency"`         // of signals that were not blocked
	Blocked *Latency `json:"blocked_latency"` // of those that were blocked when they were sent
}

// Share is a part of all signals.
type Share struct {
	Count uint64  `json:"count"`
	Share float64 `json:"share"` // 0 to 1
}

// Verdict is how many signals ended so.
type Verdict struct {
	Verdict trace.Verdict `json:"verdict"`
	Share
}

// Lost are the signals that never reached their target, though somebody sent them: Overflow
// and Dropped, which are its count. Beside them are those that arrived without their siginfo, and records
// that the trace lacks.
type Lost struct {
	Share
	Overflow uint64 `json:"overflow"`
	Dropped  uint64 `json:"dropped"`
	Siginfo  uint64 `json:"siginfo"`
	Records  uint64 `json:"records"`
}

// Party sends or gets signals.
type Party struct {
	Comm string `json:"comm"`
	PID  int    `json:"pid"` // -1 if there are several, or none is known
}

// Route is one signal from one program to another.
type Route struct {
	Sender Party          `json:"sender"` // "kernel", with pid 0
	Target Party          `json:"target"`
	Signal signals.Signal `json:"signal,omitzero"` // 0 of others
	Share
	Verdicts map[string]uint64 `json:"verdicts"`
	Max      time.Duration     `json:"max_latency_ns"` // the longest, of signals that were not blocked
}

// Summary is a [trace.Sink] that counts.
type Summary struct {
	report         Report
	routes         map[key]*Route
	lives          uint64
	verdicts       [64]uint64
	siginfo        uint64
	clear, blocked histogram
}

// key tells routes apart.
type key struct {
	sender, target string
	signal         signals.Signal
}

// New returns an empty summary.
func New() *Summary { return &Summary{routes: map[key]*Route{}} }

// Begin notes what is traced.
func (s *Summary) Begin(h *trace.Header) error {
	s.report.Trace = h
	return nil
}

// Event does nothing: there are only signals in a summary.
func (s *Summary) Event(*trace.Event) error { return nil }

// Life counts one.
func (s *Summary) Life(l *trace.Life) error {
	s.lives++
	if int(l.Verdict) < len(s.verdicts) {
		s.verdicts[l.Verdict]++
	}
	if l.InfoLost {
		s.siginfo++
	}
	r := s.route(l)
	r.Count++
	r.Verdicts[l.Verdict.String()]++
	switch {
	case l.Latency <= 0:
	case l.Blocked:
		s.blocked.add(l.Latency)
	default:
		s.clear.add(l.Latency)
		r.Max = max(r.Max, l.Latency)
	}
	return nil
}

// route finds the row of a life.
func (s *Summary) route(l *trace.Life) *Route {
	sender, target := party(&l.Sender), party(&l.Target)
	if l.FromKernel() {
		sender = Party{Comm: "kernel"}
	}
	k := key{sender.Comm, target.Comm, l.Signal}
	r := s.routes[k]
	if r == nil && len(s.routes) >= most {
		k = key{}
		sender, target = Party{"others", -1}, Party{"others", -1}
		r = s.routes[k]
	}
	if r == nil {
		r = &Route{Sender: sender, Target: target, Signal: k.signal, Verdicts: map[string]uint64{}}
		s.routes[k] = r
	}
	if r.Sender.PID != sender.PID {
		r.Sender.PID = -1
	}
	if r.Target.PID != target.PID {
		r.Target.PID = -1
	}
	return r
}

// party is who a task belongs to.
func party(t *trace.Task) Party {
	switch {
	case t.PID < 0:
		return Party{"unknown", -1}
	case t.Comm == "":
		return Party{"unknown", t.PID}
	}
	return Party{t.Comm, t.PID}
}

// End takes the counts.
func (s *Summary) End(c *trace.Counts) error {
	s.report.Counts = c
	return nil
}

// Report is what was counted so far.
func (s *Summary) Report() *Report {
	r := s.report
	if r.Counts == nil {
		r.Counts = &trace.Counts{Lives: s.lives, Cut: true}
	}
	r.Verdicts, r.Routes = []Verdict{}, make([]Route, 0, len(s.routes))
	for v, n := range s.verdicts {
		if n > 0 {
			r.Verdicts = append(r.Verdicts, Verdict{trace.Verdict(v), s.share(n)})
		}
	}
	r.Coalesced = s.share(s.verdicts[trace.Coalesced])
	overflow, dropped := s.verdicts[trace.Overflow], s.verdicts[trace.Dropped]
	r.Lost = Lost{s.share(overflow + dropped), overflow, dropped, s.siginfo, r.Counts.Drops.Total()}
	for _, route := range s.routes {
		route.Share = s.share(route.Count)
		r.Routes = append(r.Routes, *route)
	}
	slices.SortFunc(r.Routes, func(a, b Route) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Sender.Comm, b.Sender.Comm),
			strings.Compare(a.Target.Comm, b.Target.Comm), cmp.Compare(a.Signal, b.Signal))
	})
	r.Latency, r.Blocked = s.clear.latency(), s.blocked.latency()
	return &r
}

func (s *Summary) share(n uint64) Share {
	if n == 0 {
		return Share{}
	}
	return Share{n, float64(n) / float64(s.lives)}
}
