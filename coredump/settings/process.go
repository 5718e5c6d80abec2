package settings

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"supervise/coredump"
)

func procPath(pid int, name string) string { return "/proc/" + strconv.Itoa(pid) + "/" + name }

// ReadFilter reads the core filter of a running process. It belongs to its address space: a
// child gets a copy of it, and it stays over execve(2). A process without memory of its own, a
// zombie or a kernel thread, has none: [unix.ESRCH].
func ReadFilter(pid int) (coredump.Filter, error) {
	text, err := os.ReadFile(procPath(pid, "coredump_filter"))
	if err != nil {
		return 0, fmt.Errorf("cannot read the core filter of pid %d: %w", pid, bare(err))
	}
	digits := strings.TrimSpace(string(text))
	if digits == "" {
		return 0, fmt.Errorf("cannot read the core filter of pid %d: %w: it has ended, or is a kernel thread", pid, unix.ESRCH)
	}
	mask, err := strconv.ParseUint(digits, 16, 32) // without 0x
	if err != nil {
		return 0, fmt.Errorf("the core filter of pid %d is %q, which is no mask", pid, digits)
	}
	return coredump.Filter(mask), nil
}

// WriteFilter sets the core filter of a running process. It holds for its next core, and for
// the children that it has from then on.
func WriteFilter(pid int, filter coredump.Filter) error {
	if err := os.WriteFile(procPath(pid, "coredump_filter"), []byte(filter.String()), 0); err != nil {
		return fmt.Errorf("cannot set the core filter of pid %d: %w", pid, bare(err))
	}
	return nil
}

// Limit returns RLIMIT_CORE of a running process, in bytes: [coredump.Unlimited] for none.
func Limit(pid int) (soft, hard uint64, err error) {
	var limit unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_CORE, nil, &limit); err != nil {
		return 0, 0, fmt.Errorf("cannot read the core limit of pid %d: %w", pid, err)
	}
	return limit.Cur, limit.Max, nil
}

// SetLimit sets the soft RLIMIT_CORE of a running process, and raises its hard one if it must,
// which takes CAP_SYS_RESOURCE.
func SetLimit(pid int, soft uint64) error {
	_, hard, err := Limit(pid)
	if err == nil {
		limit := unix.Rlimit{Cur: soft, Max: max(soft, hard)}
		err = unix.Prlimit(pid, unix.RLIMIT_CORE, &limit, nil)
	}
	if err != nil {
		return fmt.Errorf("cannot set the core limit of pid %d: %w", pid, err)
	}
	return nil
}
