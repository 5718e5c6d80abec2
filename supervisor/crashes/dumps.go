package crashes

import (
	"supervise/internal/sys"
	"supervise/supervisor/kernel"
	"supervise/supervisor/machine"
	"supervise/supervisor/process/tree"
)

// Remnants are former main processes whose cores are being written, by pid. The zero value has
// none.
type Remnants map[int]remnant

type remnant struct {
	service machine.ServiceID
	gen     machine.Gen
}

// Add adds one, of which the kernel tells that it is written just now.
func (r *Remnants) Add(service machine.ServiceID, c *kernel.Crash) {
	if *r == nil {
		*r = Remnants{}
	}
	(*r)[c.PID] = remnant{service, c.Gen}
}

// Has reports whether a pid is that of one.
func (r Remnants) Has(pid int) bool {
	_, ok := r[pid]
	return ok
}

// Ended removes a child that was reaped, and returns the event about it. It is false if it was
// none of them.
func (r Remnants) Ended(pid int) (machine.Event, bool) {
	former, ok := r[pid]
	delete(r, pid)
	return machine.Event{Kind: machine.RemnantEnded, Service: former.service, Gen: former.gen, PID: int32(pid)}, ok
}

// maxLooked is at how many processes of a service is looked: one that forks all the time must
// not hold up everything else.
const maxLooked = 512

// Dumping picks the processes whose cores are being written, by what /proc says of each.
func Dumping(members []tree.Member, state func(pid int) (sys.SignalState, error)) (dumping []tree.Member) {
	for _, m := range members[:min(len(members), maxLooked)] {
		if s, err := state(m.PID); err == nil && s.Dumping {
			dumping = append(dumping, m)
		}
	}
	return dumping
}
