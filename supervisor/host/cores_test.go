package host

import (
	"slices"
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

// Alone has process 14 be the only one that shares its sockets.
func (o owners) Alone(pid int, service string, others []string, isMain func(int) bool) bool {
	return pid != 14 && isMain(pid) && !slices.Contains(others, service) && len(others) > 0
}

// testCores has the services web, secret and plain, with one main process each.
func testCores() *cores {
	no := false
	file := &config.File{
		Core: config.Collection{Collect: config.CollectSocket, Directory: "/cores", Capture: order.MiniAndFull, MaxUse: 1, KeepFree: 2, MaxCore: 3, Timeout: time.Second},
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

// TestDumpableByUpdate: who sets fs.suid_dumpable is told when a service begins to want it.
func TestDumpableByUpdate(t *testing.T) {
	c := testCores()
	var told []string
	c.setIDs = func(service string) { told = append(told, service) }
	yes, no := true, false
	for _, step := range []struct {
		dumpable *bool
		told     int
	}{{nil, 0}, {&no, 0}, {&yes, 1}, {&yes, 1}, {nil, 1}, {&yes, 2}} {
		spec := &config.Service{Name: "plain", Core: config.Core{Dumpable: step.dumpable}}
		c.configure(&config.File{Core: config.Collection{Collect: config.CollectSocket}}, &service{spec: spec})
		if len(told) != step.told {
			t.Errorf("told of %v, want %d", told, step.told)
		}
	}
}

// TestFreePorts: the ports are closed of who has them alone, and will not run again.
func TestFreePorts(t *testing.T) {
	for _, test := range []struct {
		name    string
		crash   collector.Crash
		capture order.Capture
		before  func(*cores)
		want    bool
	}{
		{name: "a main process", crash: collector.Crash{PID: 13, PIDFD: 3}, want: true},
		{name: "known by its pid alone", crash: collector.Crash{PID: 13, PIDFD: -1}},
		{name: "not alone", crash: collector.Crash{PID: 14, PIDFD: 3}, before: func(c *cores) { c.started(14, mainProcess{service: "plain", gen: 3}) }},
		{name: "a worker", crash: collector.Crash{PID: 21, PIDFD: 3}},
		{name: "a stranger", crash: collector.Crash{PID: 99, PIDFD: 3}},
		{name: "one that has ended", crash: collector.Crash{PID: 13, PIDFD: 3}, before: func(c *cores) { c.ended(13) }},
		{name: "refused", crash: collector.Crash{PID: 12, PIDFD: 3}},
		{name: "beyond the rate", crash: collector.Crash{PID: 11, PIDFD: 3}, before: func(c *cores) {
			c.decide(collector.Crash{PID: 21})
			c.decide(collector.Crash{PID: 21})
		}},
		{name: "ends at once", crash: collector.Crash{PID: 13, PIDFD: 3}, capture: order.Mini},
		{name: "is not released", crash: collector.Crash{PID: 13, PIDFD: 3}, capture: order.Full},
	} {
		c := testCores()
		if test.capture != "" {
			c.collection.Capture = test.capture
		}
		if test.before != nil {
			test.before(c)
		}
		if o := c.decide(test.crash); o.FreePorts != test.want {
			t.Errorf("%s: %v, want %v", test.name, o.FreePorts, test.want)
		}
	}
}

// TestUpdateWhileCollecting: what takes a new start does not change with an update, and without
// the table [core] nothing does.
func TestUpdateWhileCollecting(t *testing.T) {
	c := testCores()
	web := c.services["web"].of
	c.collection.Collect, c.collection.Install = config.CollectAuto, true
	c.collector = &collector.Collector{}
	c.configure(&config.File{Core: config.Collection{Collect: config.CollectFiles, Directory: "/new"}}, web)
	if o := c.decide(collector.Crash{PID: 99}); o.Directory != "/new" || o.Refuse != "" || c.collection.Collect != config.CollectAuto {
		t.Errorf("after an update: %+v", o)
	}
	c.configure(&config.File{}, web)
	if o := c.decide(collector.Crash{PID: 99}); o.Directory != "/new" || o.Refuse != "" {
		t.Errorf("after one without a table [core]: %+v", o)
	}
	c.collector = nil
	c.configure(&config.File{}, web)
	if c.collection.Directory != "" {
		t.Errorf("nothing is collected, but with %+v", c.collection)
	}
}

// TestNothingIsKeptOfCores: where none are collected nothing is remembered for each service.
func TestNothingIsKeptOfCores(t *testing.T) {
	c := &cores{}
	web := &service{spec: &config.Service{Name: "web"}}
	c.configure(&config.File{}, web)
	c.started(11, mainProcess{service: "web", gen: 1})
	c.ended(11)
	c.forget(web)
	if len(c.services) != 0 || len(c.mains) != 0 || len(c.former) != 0 {
		t.Errorf("kept: %v, %v, %v", c.services, c.mains, c.former)
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

// TestToldOfEarlyCrash: of a main process that has crashed before it was known to be one all is
// told as of that one, also when the next one runs.
func TestToldOfEarlyCrash(t *testing.T) {
	c := testCores()
	o := c.decide(collector.Crash{PID: 21, Name: "it", Signal: 11}) // by its cgroup
	o.PID = 21
	c.started(21, mainProcess{service: "web", gen: 4})
	for _, stage := range []order.Stage{order.Released, order.Explained, order.Stored} {
		if got := c.crash(o, order.Progress{Stage: stage}); got.Gen != 4 || got.Service != "web" {
			t.Errorf("%s: of %q, generation %d", stage, got.Service, got.Gen)
		}
		c.ended(21)
		c.started(22, mainProcess{service: "web", gen: 5})
	}
	c.started(21, mainProcess{service: "plain", gen: 7}) // the pid again
	if got := c.crash(o, order.Progress{Stage: order.Stored}); got.Gen != 0 || got.Service != "web" {
		t.Errorf("of %q, generation %d", got.Service, got.Gen)
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
