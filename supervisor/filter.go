package supervisor

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"

	"supervise/coredump"
)

// filterFile is the core dump filter of this process: core(5).
const filterFile = "/proc/self/coredump_filter"

// filterLock lends our own core dump filter to the children that are being started. They
// inherit it, and share our memory, to which it belongs, up to exec, so that there is no
// other place to set theirs.
type filterLock struct {
	mu  sync.RWMutex
	own string // ours, read when it is changed for the first time
}

// set makes the filter that of the children that are started until unlock is called; nil
// is our own.
func (l *filterLock) set(filter *coredump.Filter) (unlock func(), err error) {
	if filter == nil {
		l.mu.RLock()
		return l.mu.RUnlock, nil
	}
	l.mu.Lock()
	if l.own == "" {
		text, err := os.ReadFile(filterFile)
		if err != nil {
			l.mu.Unlock()
			return nil, fmt.Errorf("cannot read the core dump filter: %w", err)
		}
		l.own = "0x" + strings.TrimSpace(string(text))
	}
	if err := os.WriteFile(filterFile, []byte("0x"+strconv.FormatUint(uint64(*filter), 16)), 0); err != nil {
		l.mu.Unlock()
		return nil, fmt.Errorf("cannot set the core dump filter: %w", err)
	}
	return func() {
		_ = os.WriteFile(filterFile, []byte(l.own), 0) // as it could be set, it can be set back
		l.mu.Unlock()
	}, nil
}
