package summary

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"supervise/internal/testtrace"
	"supervise/signals"
	"supervise/signals/trace"
)

// TestCounts compares with what the trace has.
func TestCounts(t *testing.T) {
	s := New()
	lives, err := testtrace.Feed(s, testtrace.Options{Lives: 5000, Events: true})
	if err != nil {
		t.Fatal(err)
	}
	r := s.Report()
	routes, total, lost, coalesced, siginfo := map[string]uint64{}, uint64(0), uint64(0), uint64(0), uint64(0)
	for _, l := range lives {
		from := l.Sender.Comm
		switch {
		case l.FromKernel():
			from = "kernel"
		case l.Sender.PID < 0:
			from = "unknown"
		}
		to := l.Target.Comm
		if to == "" {
			to = "unknown"
		}
		routes[from+" "+to+" "+l.Signal.String()]++
		if l.Verdict == trace.Overflow || l.Verdict == trace.Dropped {
			lost++
		}
		if l.Verdict == trace.Coalesced {
			coalesced++
		}
		if l.InfoLost {
			siginfo++
		}
	}
	before := ^uint64(0)
	for _, route := range r.Routes {
		if n := routes[route.Sender.Comm+" "+route.Target.Comm+" "+route.Signal.String()]; n != route.Count || n > before {
			t.Errorf("%+v, want %d", route, n)
		}
		before = route.Count
		sum := uint64(0)
		for _, n := range route.Verdicts {
			sum += n
		}
		if sum != route.Count {
			t.Errorf("%d verdicts of %+v", sum, route)
		}
		total += sum
	}
	if total != 5000 || len(r.Routes) != len(routes) || r.Lost.Count != lost || r.Coalesced.Count != coalesced || r.Lost.Siginfo != siginfo || lost == 0 || siginfo == 0 {
		t.Errorf("%d in %d routes, want 5000 in %d; %+v, %+v", total, len(r.Routes), len(routes), r.Lost, r.Coalesced)
	}
	for _, v := range r.Verdicts {
		if v.Count != r.Counts.Verdicts[v.Verdict.String()] || v.Share.Share != float64(v.Count)/5000 {
			t.Errorf("%+v of %v", v, r.Counts.Verdicts)
		}
	}
}

// TestHistogram compares percentiles with those of all values.
func TestHistogram(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, scale := range []float64{1, 20, 1e4, 1e12} {
		var h histogram
		var all []time.Duration
		for range 1000 {
			d := time.Duration(random.ExpFloat64() * scale)
			h.add(d)
			all = append(all, d)
		}
		slices.Sort(all)
		l := h.latency()
		for p, got := range map[int]time.Duration{50: l.P50, 90: l.P90, 99: l.P99} {
			if want := all[p*10-1]; got < want || got > want+want/fine+1 {
				t.Errorf("scale %g: percentile %d is %d, want %d", scale, p, got, want)
			}
		}
		sum := uint64(0)
		for i, b := range l.Buckets {
			sum += b.Count
			want := uint64(0)
			for _, d := range all {
				if d >= b.From && d < b.To {
					want++
				}
			}
			if b.Count != want || i > 0 && b.From != l.Buckets[i-1].To {
				t.Errorf("%+v has %d", b, want)
			}
		}
		if l.Max != all[999] || sum != 1000 || l.Count != 1000 {
			t.Errorf("%+v", l)
		}
	}
	var h histogram
	h.add(1<<63 - 1)
	if l := h.latency(); l.P50 != 1<<63-1 || h.percentile(50) != l.Max {
		t.Errorf("%+v", l)
	}
}

// TestPrint holds how it looks.
func TestPrint(t *testing.T) {
	s := New()
	_ = s.Begin(&trace.Header{What: "--all"})
	sh, web := trace.Task{PID: 7, TID: 7, Comm: "sh"}, trace.Task{PID: 9, TID: 9, Comm: "web"}
	for range 3 {
		_ = s.Life(&trace.Life{Signal: signals.SIGUSR1, Sender: sh, Target: web, Verdict: trace.Handled, Latency: 3000})
	}
	_ = s.Life(&trace.Life{Signal: signals.SIGUSR1, Sender: sh, Target: web, Verdict: trace.Coalesced})
	sh.PID++
	_ = s.Life(&trace.Life{Signal: signals.SIGTERM, Sender: sh, Target: web, Verdict: trace.Handled, Latency: 5e9, Blocked: true})
	sh.PID++
	_ = s.Life(&trace.Life{Signal: signals.SIGTERM, Sender: sh, Target: web, Verdict: trace.Handled, Latency: 1300})
	_ = s.Life(&trace.Life{Signal: signals.SIGALRM, Code: signals.CodeKernel, Target: web, Verdict: trace.Dropped})
	_ = s.End(&trace.Counts{Lives: 7, Backend: "bpf", Duration: 6e9, Drops: trace.Drops{Other: 2000}})
	var out bytes.Buffer
	if err := s.Report().Print(&out); err != nil {
		t.Fatal(err)
	}
	const want = `7 signals in 6s by bpf: --all

count   share  sender  target    signal   longest  what became of them
    4  57.1 %  sh 7    -> web 9  SIGUSR1      3µs  handled 3, coalesced 1
    2  28.6 %  sh      -> web 9  SIGTERM    1.3µs  handled
    1  14.3 %  kernel  -> web 9  SIGALRM           dropped

count   share  verdict
    5  71.4 %  handled
    1  14.3 %  coalesced
    1  14.3 %  dropped

coalesced 1 (14.3 %), lost 1 (14.3 %): overflow 0, dropped 1; siginfo lost 0; 2,000 records are missing, so that all of this is too little

from the sending to the delivery: half within 3µs, 90 % 3µs, 99 % 3µs, the longest 3µs
1.02µs  to  2.05µs  1  |##############
2.05µs  to   4.1µs  3  |########################################

the same of signals that were blocked when they were sent: half within 5s, 90 % 5s, 99 % 5s, the longest 5s
4.29s  to  8.59s  1  |########################################
`
	if out.String() != want {
		t.Errorf("%s\nwant\n%s", out.String(), want)
	}
}

// TestNothing sums up a trace without signals, and one without an end.
func TestNothing(t *testing.T) {
	var out bytes.Buffer
	if err := New().Report().Print(&out); err != nil || out.String() != "0 signals\n" {
		t.Errorf("%v, %q", err, out.String())
	}
	s := New()
	_, _ = testtrace.Feed(s, testtrace.Options{Lives: 9, NoEnd: true})
	if r := s.Report(); !r.Counts.Cut || r.Counts.Lives != 9 {
		t.Errorf("%+v", r.Counts)
	}
	if text, err := json.Marshal(New().Report()); err != nil || strings.Contains(string(text), "routes\":null") {
		t.Errorf("%s, %v", text, err)
	}
}

// TestHostile prints names that try to be more.
func TestHostile(t *testing.T) {
	s := New()
	_, _ = testtrace.Feed(s, testtrace.Options{Lives: 2000, Hostile: true})
	var out bytes.Buffer
	_ = s.Report().Print(&out)
	for _, c := range out.String() {
		if c != '\n' && !unicode.IsPrint(c) {
			t.Fatalf("%q is printed in\n%s", c, out.String())
		}
	}
}

// TestBounded makes more rows than there may be.
func TestBounded(t *testing.T) {
	s := New()
	for i := range most + 100 {
		_ = s.Life(&trace.Life{Signal: signals.SIGTERM, Verdict: trace.Handled, Sender: trace.Task{PID: i + 1, Comm: strconv.Itoa(i)}})
	}
	_ = s.End(&trace.Counts{Lives: most + 100})
	if r := s.Report(); len(r.Routes) != most+1 || r.Routes[0].Count != 100 || r.Routes[0].Sender.Comm != "others" {
		t.Errorf("%d routes, first %+v", len(r.Routes), r.Routes[0])
	}
	var out bytes.Buffer
	_ = s.Report().Print(&out)
	if !strings.Contains(out.String(), "and 9,951 more rows") || strings.Count(out.String(), "\n") > 100 {
		t.Error(out.String())
	}
}
