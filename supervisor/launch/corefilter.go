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

// coreFilter lends the supervisor's core dump filter to the children that are being
// started. The filter belongs to the memory, which a child shares until exec, so that there
// is no other place to set the child's.
type coreFilter struct {
	path string
	mu   sync.RWMutex // held for reading by each start that keeps our own filter
	own  string       // ours, read when it is changed for the first time
}

// set makes the filter that of the children that are started until unlock is called; nil
// is our own.
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
		_ = os.WriteFile(f.path, []byte(f.own), 0) // as it could be set, it can be set back
		f.mu.Unlock()
	}, nil
}
