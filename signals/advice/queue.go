package advice

import "strconv"

// queueFull is a queue that is nearly full: setrlimit(2), RLIMIT_SIGPENDING.
func queueFull(f *Facts) (text, remedy string) {
	const nearly = 90 // percent
	percent := uint64(100)
	if f.Limit > 0 {
		percent = uint64(float64(f.Queued) * 100 / float64(f.Limit))
	}
	if percent < nearly {
		return "", ""
	}
	of := strconv.FormatUint(f.Queued, 10) + " of " + strconv.FormatUint(f.Limit, 10)
	return "the queue of uid " + strconv.FormatUint(uint64(f.UID), 10) + " is " + strconv.FormatUint(percent, 10) + " % full (" + of + "): what is beyond is refused (EAGAIN), or loses its sender and value",
		"find the processes of that user that do not take their signals ('supervise sig --queue PID'), or raise the limit: ulimit -i, 'supervise exec --pending-limit'"
}
