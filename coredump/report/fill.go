package report

import "cmp"

// Fill adds to a report what another one has of the same crash and it has not: what its core
// says, for example, to what was known when it was collected.
func (r *Report) Fill(from *Report) {
	if r.Signal == "" {
		r.Signal, r.Code, r.CodeName, r.Address, r.Sender = from.Signal, from.Code, from.CodeName, from.Address, from.Sender
	}
	if r.CodeName == "" && r.Signal == from.Signal {
		r.Code, r.CodeName, r.Address = from.Code, from.CodeName, from.Address
	}
	if r.Sender == (Sender{}) && r.Code == from.Code && r.Signal == from.Signal {
		r.Sender = from.Sender
	}
	if r.Time.IsZero() {
		r.Time = from.Time
	}
	if r.PID == 0 {
		r.PID, r.UID, r.GID = from.PID, from.UID, from.GID
	}
	r.Service = cmp.Or(r.Service, from.Service)
	r.Exe, r.Command = cmp.Or(r.Exe, from.Exe), cmp.Or(r.Command, from.Command)
	r.Hostname, r.Directory, r.Cgroup = cmp.Or(r.Hostname, from.Hostname), cmp.Or(r.Directory, from.Directory), cmp.Or(r.Cgroup, from.Cgroup)
	if r.Environment == nil {
		r.Environment = from.Environment
	}
	if r.Limits == nil {
		r.Limits = from.Limits
	}
	if r.Threads == nil {
		r.Threads = from.Threads
	}
	if r.Modules == nil {
		r.Modules = from.Modules
	}
	r.Problems = append(r.Problems, from.Problems...)
}
