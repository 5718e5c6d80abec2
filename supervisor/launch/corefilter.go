package launch

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"supervise/coredump"
	"supervise/supervisor/process"
)

// ownCoreFilter is the core dump filter of this process: core(5).
const ownCoreFilter = "/proc/self/coredump_filter"

// filterPatience is how long a start waits for others that need another core dump filter. One
// of them may hang.
const filterPatience = 200 * time.Millisecond

// coreFilter sets the core dump filter of children. It belongs to the address space, which a
// child shares with the supervisor until exec. So it is changed for the supervisor itself
// while a child is started.
type coreFilter struct {
	path string

	mu      sync.Mutex
	own     string        // our own filter, read before it is changed for the first time
	holders int           // starts that keep our own filter; -1: one that changes it
	waiting int           // starts that are to change it
	freed   chan struct{} // closed when holders becomes 0; nil: nobody waits for that
}

// start starts a program with a filter; nil stands for our own. Where that cannot be set in
// time, it is set as soon as the program runs.
func (f *coreFilter) start(spec *process.Spec, filter *coredump.Filter) (process.Process, error) {
	if !f.acquire(filter != nil) {
		child, err := process.Start(spec)
		if err == nil {
			f.setLate(child.PID, filter)
		}
		return child, err
	}
	defer f.release()
	if filter != nil {
		if err := f.change(*filter); err != nil {
			return process.Process{}, err
		}
		defer f.restore()
	}
	return process.Start(spec)
}

// acquire waits until our filter is what it is to be: our own, or, to change it, nobody's. It
// returns false if that takes too long.
func (f *coreFilter) acquire(change bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.take(change) {
		return true
	}
	patience := time.NewTimer(filterPatience)
	defer patience.Stop()
	if change {
		f.waiting++
		defer func() { f.waiting-- }()
	}
	for late := false; ; {
		if f.freed == nil {
			f.freed = make(chan struct{})
		}
		freed := f.freed
		f.mu.Unlock()
		select {
		case <-freed:
		case <-patience.C:
			late = true
		}
		f.mu.Lock()
		switch {
		case f.take(change):
			return true
		case late:
			return false
		}
	}
}

// tryShare is acquire for a start that keeps our own filter, if nobody has to be waited for.
func (f *coreFilter) tryShare() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.take(false)
}

// take is acquire if nobody has to be waited for. Those that change the filter come first, or
// they would never have their turn.
func (f *coreFilter) take(change bool) bool {
	switch {
	case change && f.holders == 0:
		f.holders = -1
	case !change && f.holders >= 0 && f.waiting == 0:
		f.holders++
	default:
		return false
	}
	return true
}

func (f *coreFilter) release() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.holders < 0 {
		f.holders = 0
	} else {
		f.holders--
	}
	if f.holders == 0 && f.freed != nil {
		close(f.freed)
		f.freed = nil
	}
}

// change changes our filter. It could be changed, so it can be restored.
func (f *coreFilter) change(filter coredump.Filter) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.own == "" {
		text, err := os.ReadFile(f.path)
		if err != nil {
			return fmt.Errorf("cannot read the core dump filter: %w", err)
		}
		f.own = "0x" + strings.TrimSpace(string(text))
	}
	if err := os.WriteFile(f.path, []byte(filterText(filter)), 0); err != nil {
		return fmt.Errorf("cannot set the core dump filter: %w", err)
	}
	return nil
}

func (f *coreFilter) restore() { _ = os.WriteFile(f.path, []byte(f.own), 0) }

// setLate sets the filter of a program that runs.
func (f *coreFilter) setLate(pid int, filter *coredump.Filter) {
	f.mu.Lock()
	text := f.own
	f.mu.Unlock()
	if filter != nil {
		text = filterText(*filter)
	}
	if text != "" {
		_ = os.WriteFile(procPath(pid, "coredump_filter"), []byte(text), 0)
	}
}

func procPath(pid int, name string) string { return "/proc/" + strconv.Itoa(pid) + "/" + name }

// OwnCoreFilter is the core dump filter of this process, which it has but for the moments in which
// a child is started.
func (l *Launcher) OwnCoreFilter() (coredump.Filter, error) {
	f := &l.filter
	f.mu.Lock()
	defer f.mu.Unlock()
	text := f.own
	if text == "" {
		read, err := os.ReadFile(f.path)
		if err != nil {
			return 0, fmt.Errorf("cannot read the core dump filter: %w", err)
		}
		text = string(read)
	}
	mask, err := strconv.ParseUint(strings.TrimPrefix(strings.TrimSpace(text), "0x"), 16, 32)
	if err != nil {
		return 0, fmt.Errorf("the core dump filter is %q, which is no mask", text)
	}
	return coredump.Filter(mask), nil
}

func filterText(filter coredump.Filter) string { return "0x" + strconv.FormatUint(uint64(filter), 16) }
