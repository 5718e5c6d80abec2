package attribution

// Evidence is what shows that the OOM killer killed a process.
type Evidence uint8

// The evidence, the weakest first.
const (
	NoEvidence   Evidence = iota
	MachineCount          // it has killed something on this machine in the process's lifetime
	CgroupCount           // it has killed something in the service's cgroup
	KernelLog             // the kernel's log names the process

	numEvidence = iota
)

// Finding is what [OOM.Look] found out about the end of a process. It is a plain comparable
// value. The zero value is that nothing points to the OOM killer.
type Finding struct {
	Evidence Evidence `json:"evidence"`
	Reason   string   `json:"reason,omitzero"` // of KernelLog: "memory cgroup /a was full"
}

// Likely reports whether the evidence is enough to name the OOM killer as the sender.
func (f Finding) Likely() bool { return f.Evidence >= CgroupCount }

// String says what was found: "sent by the kernel's OOM killer: memory cgroup /a was full".
// It is empty if nothing was.
func (f Finding) String() string {
	switch f.Evidence {
	case NoEvidence:
		return ""
	case MachineCount:
		return "perhaps sent by the kernel's OOM killer, which has killed something on this machine meanwhile"
	case CgroupCount:
		return "probably sent by the kernel's OOM killer, which has killed in its cgroup"
	case KernelLog:
		return "sent by the kernel's OOM killer: " + f.Reason
	}
	return f.Evidence.String()
}
