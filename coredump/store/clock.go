package store

import (
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// boot identifies the present boot; "" if it is not known.
var boot = sync.OnceValue(func() string {
	text, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(text))
})

// uptime is the time since the boot, with that of suspends: CLOCK_BOOTTIME.
func uptime() time.Duration {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &t)
	return time.Duration(t.Nano())
}

// age says how old an entry is. One of this boot is as old as the uptime says, whatever was done
// to the clock; one whose time is still to come is new.
func (n *notes) age(now time.Time, up time.Duration) time.Duration {
	if n.Boot != "" && n.Boot == boot() && n.Uptime <= up {
		return up - n.Uptime
	}
	return max(0, now.Sub(n.Time))
}
