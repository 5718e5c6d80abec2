package launch

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"

	"supervise/coredump"
)

// ownCoreFilter is the core dump filter of this process: core(5).
const ownCoreFilter = "/proc/self/coredump_filter"

// coreFilter sets the core dump filter of children. It belongs to the address space, which a
// child shares with the supervisor until exec. So it is changed for the supervisor itself
// while a child is started.
type coreFilter struct {
	path string
	mu   sync.RWMutex // held for reading by each start that keeps our own filter
	own  string       // our own filter, read before it is changed for the first time
}

// set sets the filter of the children that are started before unlock is called; nil stands
// for our own.
func (f *coreFilter) set(filter *coredump.Filter) (unlock func(), err error) {
	if filter == nil {
		f.mu.RLock()
		return f.mu.RUnlock, nil
	}
	f.mu.Lock()
	if f.own == "" {
		text, err := os.ReadFile(f.path)
		if err != nil {
			f.mu.Unlock()
			return nil, fmt.Errorf("cannot read the core dump filter: %w", err)
		}
		f.own = "0x" + strings.TrimSpace(string(text))
	}
	if err := os.WriteFile(f.path, []byte("0x"+strconv.FormatUint(uint64(*filter), 16)), 0); err != nil {
		f.mu.Unlock()
		return nil, fmt.Errorf("cannot set the core dump filter: %w", err)
	}
	return func() {
		_ = os.WriteFile(f.path, []byte(f.own), 0) // it could be set, so it can be restored
		f.mu.Unlock()
	}, nil
}
