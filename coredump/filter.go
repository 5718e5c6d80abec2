package coredump

import "math"

// Unlimited is RLIM_INFINITY, the core size limit that is none.
const Unlimited = math.MaxUint64

// Filter is a process's coredump_filter: one bit for each kind of mapping.
type Filter uint32
