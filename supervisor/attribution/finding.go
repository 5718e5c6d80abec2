package attribution

// Evidence says how it is known that the OOM killer killed a process.
type Evidence uint8

// The kinds of evidence, the weakest first.
const (
	NoEvidence   Evidence = iota
	MachineCount          // it has killed a process on this machine during the lifetime of ours
	CgroupCount           // it has killed a process in the service's cgroup
	KernelLog             // the kernel's log names the process

	numEvidence = iota
)

// Finding is the result of [OOM.Look]. It is a plain comparable value. The zero value says
// that nothing points to the OOM killer.
type Finding struct {
	Evidence Evidence `json:"evidence"`
	Reason   string   `json:"reason,omitzero"` // of KernelLog: "memory cgroup /a was full"
}

// Likely reports whether the evidence is enough to name the OOM killer as the sender.
func (f Finding) Likely() bool { return f.Evidence >= CgroupCount }

// String says what was found: "sent by the kernel's OOM killer: memory cgroup /a was full".
// It is empty without evidence.
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
