// Package doctor examines the host and says what it means for supervise: how signals are
// received, whether orphans can be reaped, how a service's descendants are known, where a
// core would go, which limits matter.
//
//	findings := doctor.Examine(doctor.Subject{Mode: intake.Built(), ...})
//	if doctor.Worst(findings) == doctor.Bad { ... }
//
// It changes nothing, except that it makes and removes a cgroup, and it never fails: what
// cannot be found out is a finding, too.
package doctor
