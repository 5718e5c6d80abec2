package host

import (
	"strings"
	"testing"
	"time"

	"supervise/config"
	"supervise/coredump/collector"
	"supervise/coredump/order"
	"supervise/coredump/report"
)

// owners says whose processes are that are no main ones.
type owners map[int]string

func (o owners) Owner(pid int, _ []string) string { return o[pid] }

// testCores has the services web, secret and plain, with one main process each.
func testCores() *cores {
	no := false
	file := &config.File{
		Core: config.Collection{Directory: "/cores", Capture: order.MiniAndFull, MaxUse: 1, KeepFree: 2, MaxCore: 3, Timeout: time.Second},
		Services: []config.Service{
			{Name: "web", Core: config.Core{Rate: config.Rate{Count: 2, Per: time.Hour}, MaxUse: 9}},
			{Name: "secret", Core: config.Core{Dumpable: &no}},
			{Name: "plain"},
		},
	}
	c := &cores{root: owners{21: "web"}}
	for i := range file.Services {
		c.configure(file, &service{spec: &file.Services[i]})
		c.started(11+i, mainProcess{service: file.Services[i].Name, gen: 3})
	}
	return c
}

func TestDecideOnCores(t *testing.T) {
	c := testCores()
	for _, test := range []struct {
		pid           int
		service       string
		gen           uint32
		refuse        string
		capture       order.Capture
		limitOfItsOwn int64
	}{
		{11, "web", 3, "", order.MiniAndFull, 9},
		{21, "web", 0, "", order.MiniAndFull, 9},
		{11, "web", 3, "", order.Nothing, 9}, // the third
		{12, "secret", 3, "core.dumpable is false", order.MiniAndFull, 0},
		{13, "plain", 3, "", order.MiniAndFull, 0},
		{99, "", 0, "it belongs to no service", order.MiniAndFull, 0},
	} {
		o := c.decide(collector.Crash{PID: test.pid, Name: "it", Signal: 11})
		if o.Service != test.service || o.Gen != test.gen || !strings.HasPrefix(o.Refuse, test.refuse) || (o.Refuse == "") != (test.refuse == "") ||
			o.Capture != test.capture || o.Limits != (order.Limits{MaxCore: 3, MaxUse: 1, KeepFree: 2, MaxService: test.limitOfItsOwn}) || o.Timeout != time.Second {
			t.Errorf("process %d: %+v, want %+v", test.pid, o, test)
		}
	}
	c.collection.Install = true
	if o := c.decide(collector.Crash{PID: 99}); o.Refuse != "" {
		t.Errorf("a stranger is refused, and core_pattern is ours: %s", o.Refuse)
	}
}

// TestToldOfCores: what was read only to be told of is not said to be kept, and what was not read
// has the signal of the crash.
func TestToldOfCores(t *testing.T) {
	c := testCores()
	crash := collector.Crash{PID: 11, Name: "it", Signal: 11}
	for range 2 {
		c.decide(crash)
	}
	o := c.decide(crash)
	o.PID = 11
	got := c.crash(o, order.Progress{Stage: order.Stored, Report: &report.Report{Core: report.Core{State: report.MiniOnly}}})
	if r := got.Report; r.Core.State != report.Refused || !strings.HasPrefix(r.Core.Reason, "there were 2 within 1h0m0s") || r.Signal != "SIGSEGV" || got.Name != "it" {
		t.Errorf("told of %+v, %+v", got, got.Report)
	}
	if len(c.taken) != 0 {
		t.Errorf("there are still %v under way", c.taken)
	}
}

// TestFormerMains: it is remembered for a while whose a main process was.
func TestFormerMains(t *testing.T) {
	c := testCores()
	for pid := range 3 * maxFormer {
		c.started(1000+pid, mainProcess{service: "plain", gen: 4})
		c.ended(1000 + pid)
	}
	last := 1000 + 3*maxFormer - 1
	if m := c.owner(last); m.service != "plain" || len(c.mains) != 3+maxFormer {
		t.Errorf("the last one is of %+v, and %d are remembered", m, len(c.mains))
	}
	if m := c.owner(1000); m.service != "" {
		t.Errorf("the first one is still of %+v", m)
	}
	c.started(last, mainProcess{service: "web", gen: 5}) // its pid is used again
	for range maxFormer {
		c.started(5000, mainProcess{service: "plain"})
		c.ended(5000)
	}
	if m := c.owner(last); m.service != "web" {
		t.Errorf("the new one is of %+v", m)
	}
}
