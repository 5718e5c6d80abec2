package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"supervise/config"
	"supervise/coredump"
	"supervise/coredump/collector"
	"supervise/coredump/order"
	"supervise/coredump/report"
	"supervise/coredump/settings"
	"supervise/coredump/store"
	"supervise/internal/sys"
	"supervise/signals"
	"supervise/supervisor/kernel"
	"supervise/supervisor/machine"
	"supervise/supervisor/process/tree"
)

// cores decides whose a core is and what becomes of it, on the goroutines of a collector. It has
// a copy of all that it takes to: nothing of the loop.
type cores struct {
	mu         sync.Mutex
	collection config.Collection
	services   map[string]coreSettings
	mains      map[int]mainProcess // by pid: those that run, and the last ones that have ended
	former     []int               // the pids of the latter
	kept       map[string][]time.Time
	taken      map[int]takenCore // by pid: those that are being taken

	collector *collector.Collector // nil: nothing is collected
	setIDs    func(service string)
	root      interface {
		Owner(pid int, names []string) string
		Alone(pid int, service string, others []string, known func(int) bool) bool
	}
}

// coreSettings are those of a service.
type coreSettings struct {
	config.Core
	of *service
}

// takenCore is one that is being taken.
type takenCore struct {
	name   string         // comm of its process
	signal signals.Signal // 0 if it is not known
	reason string         // why it is not kept, though it is read
}

// mainProcess is whose main process a pid is, or was until now.
type mainProcess struct {
	service   string
	gen       machine.Gen
	gid       int    // -1 for our own
	directory string // "" for our own
}

// maxFormer is of how many main processes that have ended it is remembered whose they were: a
// file with a core is looked for after the end.
const maxFormer = 64

// configure takes the settings of a service, and those of all cores.
func (c *cores) configure(file *config.File, s *service) {
	c.mu.Lock()
	c.collect(file.Core)
	if !c.wanted() {
		c.mu.Unlock()
		return
	}
	if c.services == nil {
		c.services, c.mains, c.kept, c.taken = map[string]coreSettings{}, map[int]mainProcess{}, map[string][]time.Time{}, map[int]takenCore{}
	}
	before := c.services[s.spec.Name].Dumpable
	c.services[s.spec.Name] = coreSettings{s.spec.Core, s}
	c.mu.Unlock()
	if c.setIDs != nil && isTrue(s.spec.Core.Dumpable) && !isTrue(before) {
		c.setIDs(s.spec.Name)
	}
}

// wanted reports whether cores are collected, or are going to be: nothing is kept otherwise.
func (c *cores) wanted() bool {
	return c.collector != nil || c.collection.Collect != config.CollectOff
}

func isTrue(b *bool) bool { return b != nil && *b }

// collect takes the settings of all cores. What a supervise collects with, and whether, is decided
// when it starts: as long as core_pattern leads to it, it keeps what comes where it did.
func (c *cores) collect(settings config.Collection) {
	if c.collector != nil {
		if settings.Collect == config.CollectOff {
			return
		}
		settings.Collect, settings.Install, settings.Force = c.collection.Collect, c.collection.Install, c.collection.Force
	}
	c.collection = settings
}

// forget removes a service, unless there is another one with its name.
func (c *cores) forget(s *service) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if name := s.spec.Name; c.services[name].of == s {
		delete(c.services, name)
		delete(c.kept, name)
	}
}

// started takes note of a main process.
func (c *cores) started(pid int, m mainProcess) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mains == nil {
		return
	}
	c.mains[pid] = m
	c.former = slices.DeleteFunc(c.former, func(former int) bool { return former == pid })
}

// ended says that one has been reaped.
func (c *cores) ended(pid int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.mains[pid]; !ok {
		return
	}
	if c.former = append(c.former, pid); len(c.former) > maxFormer {
		delete(c.mains, c.former[0])
		c.former = c.former[1:]
	}
}

// owner is whose process it is, "" if it is of no service.
func (c *cores) owner(pid int) (m mainProcess) {
	c.mu.Lock()
	m, ok := c.mains[pid]
	c.mu.Unlock()
	if !ok && pid > 0 {
		m.service = c.root.Owner(pid, c.namesBut(""))
	}
	return m
}

// namesBut are the names of all services but one.
func (c *cores) namesBut(service string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	names := make([]string, 0, len(c.services))
	for name := range c.services {
		if name != service {
			names = append(names, name)
		}
	}
	return names
}

// decide is called for each crash, by the collector.
func (c *cores) decide(crash collector.Crash) order.Order {
	m := c.owner(crash.PID)
	alone := crash.PIDFD >= 0 && c.isAlone(crash.PID, m.service)
	c.mu.Lock()
	defer c.mu.Unlock()
	settings, all := c.services[m.service], &c.collection
	o := order.Order{
		Service: m.service, Gen: uint32(m.gen),
		Directory: all.Directory, Capture: all.Capture, Compress: all.Compress, OnCore: all.OnCore, Timeout: all.Timeout,
		Limits: order.Limits{
			MaxCore: all.MaxCore, MaxUse: all.MaxUse, MaxService: settings.MaxUse, KeepFree: all.KeepFree, MaxAge: all.MaxAge,
		},
		Refuse: c.refusal(m.service, &settings.Core),
	}
	core := takenCore{name: crash.Name, signal: signals.Signal(crash.Signal)}
	if o.Refuse == "" && !c.withinRate(m.service, settings.Rate, time.Now()) {
		// What has happened is told all the same, and for that the core is read.
		core.reason = fmt.Sprintf("there were %d within %v (core.rate)", settings.Rate.Count, settings.Rate.Per)
		o.Capture = order.Nothing
	}
	o.FreePorts = alone && o.Refuse == "" && o.Capture == order.MiniAndFull
	c.taken[crash.PID] = core
	return o
}

// refusal is why nothing is even read of the core of a process, "" if it is.
func (c *cores) refusal(service string, settings *config.Core) string {
	switch {
	case service == "" && !c.collection.Install:
		return "it belongs to no service of this supervise, which takes those of others only with core.install"
	case settings.Dumpable != nil && !*settings.Dumpable:
		return "core.dumpable is false"
	}
	return ""
}

// withinRate counts a core, unless there were as many as are kept.
func (c *cores) withinRate(service string, rate config.Rate, now time.Time) bool {
	if rate == (config.Rate{}) {
		return true
	}
	recent := slices.DeleteFunc(c.kept[service], func(at time.Time) bool { return now.Sub(at) >= rate.Per })
	within := len(recent) < rate.Count
	if within {
		recent = append(recent, now)
	}
	c.kept[service] = recent
	return within
}

// crash is what the loop is told.
func (c *cores) crash(o order.Order, p order.Progress) kernel.Crash {
	c.mu.Lock()
	defer c.mu.Unlock()
	core := c.taken[o.PID]
	if p.Stage == order.Stored {
		delete(c.taken, o.PID)
	}
	if r := p.Report; r != nil {
		if r.Signal == "" && core.signal != 0 { // nothing was read
			r.Signal = core.signal.String()
		}
		if core.reason != "" {
			r.Core = report.Core{State: report.Refused, Reason: core.reason}
		}
	}
	gen := machine.Gen(o.Gen)
	// It may have crashed before it was known to be a main process, and another one may be that
	// by now: all that is told of one crash has the same generation.
	if m, ok := c.mains[o.PID]; ok && gen == 0 && m.service == o.Service {
		gen = m.gen
	}
	return kernel.Crash{Service: o.Service, Gen: gen, PID: o.PID, Name: core.name, Stage: p.Stage, Report: p.Report}
}

// CoreOptions is what it takes to collect cores.
type CoreOptions struct {
	Directory string // of the collector's own files: the runtime directory
	Crashed   func(kernel.Crash)
	Log       func(collector.Message)
	// SetIDs is called on the loop when an update makes a service want cores of processes that
	// have changed their ids, too: core.dumpable.
	SetIDs func(service string)
}

// wants are the words of the configuration for those of the collector.
var wants = map[config.Collect]collector.Way{
	config.CollectOff: collector.Off, config.CollectAuto: collector.Auto, config.CollectSocket: collector.Socket,
	config.CollectPipe: collector.Pipe, config.CollectFiles: collector.Files,
}

// CollectCores begins to take the cores of the machine's processes, as the first configuration
// says it. Crashed is called on the loop.
func (h *Host) CollectCores(settings config.Collection, options CoreOptions) (collector.Held, error) {
	h.cores.root = h.root
	// The first handler that package os starts would have it try pidfds with a child, which the
	// loop could reap before: it tries now.
	_, _ = os.FindProcess(os.Getpid())
	c, err := collector.Open(collector.Options{
		Want: wants[settings.Collect], Install: settings.Install, Force: settings.Force, Directory: options.Directory,
		Store:  settings.Directory,
		Decide: h.cores.decide, Log: options.Log,
		Progress: func(o order.Order, p order.Progress) {
			crash := h.cores.crash(o, p)
			h.Post(func() { options.Crashed(crash) })
		},
	})
	if err != nil {
		return collector.Held{Way: collector.Off}, err
	}
	h.cores.mu.Lock()
	h.cores.collector = c
	h.cores.mu.Unlock()
	h.cores.setIDs = options.SetIDs
	if c.Held().Way != collector.Off {
		if made, err := store.Create(settings.Directory); err == nil {
			made.Close()
		} else {
			options.Log(collector.Message{Severity: collector.Warning, Text: err.Error() + "; of crashes only the log tells"})
		}
	}
	return c.Held(), nil
}

// CloseCores puts core_pattern back, takes no more cores, and waits for those that are being
// taken until ctx ends, which cuts them short. It may be called on any goroutine.
func (h *Host) CloseCores(ctx context.Context) error {
	if h.cores.collector == nil {
		return nil
	}
	return h.cores.collector.Close(ctx)
}

// CollectsCores reports whether there is anything to be put back by CloseCores.
func (h *Host) CollectsCores() bool { return h.cores.collector != nil }

// CoresUnderWay is how many cores are being stored.
func (h *Host) CoresUnderWay() int {
	h.cores.mu.Lock()
	defer h.cores.mu.Unlock()
	return len(h.cores.taken)
}

// takesCores reports whether a child of ours takes cores.
func (h *Host) takesCores(pid int) bool {
	return h.cores.collector != nil && h.cores.collector.Owns(pid)
}

// adopt has the core looked for that the kernel has written of a main process, where that is the
// way in which cores are collected.
func (h *Host) adopt(child sys.Child) {
	c := &h.cores
	if c.collector == nil || !child.Exit.Core {
		return
	}
	c.mu.Lock()
	m := c.mains[child.PID]
	c.mu.Unlock()
	if m.gid < 0 {
		m.gid = os.Getgid()
	}
	if m.directory == "" {
		m.directory, _ = os.Getwd()
	}
	c.collector.Adopt(collector.Ended{
		PID: child.PID, UID: int(child.UID), GID: m.gid, Signal: int(child.Exit.Signal), Directory: m.directory, Time: time.Now(),
	})
}

// main describes a main process of the service for its cores.
func (s *service) main() mainProcess {
	m := mainProcess{service: s.spec.Name, gen: s.gen, directory: s.spec.Directory}
	_, m.gid = s.identity.Owner()
	return m
}

// changeCores sets limit and filter of the cores of processes that run. A process that is forked
// meanwhile is found at the next look.
func (s *service) changeCores(before, now config.Core) {
	limit, filter := !equal(before.Limit, now.Limit), !equal(before.Filter, now.Filter)
	if !limit && !filter {
		return
	}
	changed := map[int]bool{}
	for range 3 {
		members, err := s.tree.Members()
		if err != nil {
			s.warn("core.limit and core.filter hold from its next start on: " + err.Error())
			return
		}
		fresh := false
		for _, m := range members {
			if changed[m.PID] {
				continue
			}
			changed[m.PID], fresh = true, true
			if limit {
				s.warnOfCores("limit", m, s.setCoreLimit(m.PID, now.Limit))
			}
			if filter {
				s.warnOfCores("filter", m, s.setCoreFilter(m.PID, now.Filter))
			}
		}
		if !fresh {
			return
		}
	}
}

func equal[T comparable](a, b *T) bool { return a == b || a != nil && b != nil && *a == *b }

func (s *service) warnOfCores(key string, m tree.Member, err error) {
	if err == nil || errors.Is(err, unix.ESRCH) || errors.Is(err, fs.ErrNotExist) {
		return
	}
	s.warn("core." + key + " does not hold for " + named(m) + " until it is started anew: " + err.Error())
}

// setCoreLimit sets the limit as a start does: not above our own hard one. nil is our own.
func (s *service) setCoreLimit(pid int, limit *uint64) error {
	var own unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &own); err != nil {
		return err
	}
	soft := own.Cur
	if limit != nil {
		soft = min(*limit, own.Max)
	}
	return settings.SetLimit(pid, soft)
}

func (s *service) setCoreFilter(pid int, filter *coredump.Filter) error {
	if filter == nil {
		own, err := s.host.launcher.OwnCoreFilter()
		if err != nil {
			return err
		}
		filter = &own
	}
	return settings.WriteFilter(pid, *filter)
}
