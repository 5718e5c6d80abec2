// Package doctor looks at the host and says what it means for supervise: how signals come
// in, whether orphans can be reaped, how a service's descendants are known, where a core
// would go, which limits will bite.
//
// It changes nothing but for a cgroup that it makes and removes, and it never fails: what
// cannot be found out is a finding too.
package doctor
