// Package crasher finds out who crashes: from a pidfd of a process that dumps core, to whose it
// is, by what name, and whether its user may have the core.
//
//	who, err := crasher.Identify(pidfd)
//	who.UID, who.Name, who.Cgroup
//	who.Private // "it runs with other rights than its user has (AT_SECURE)", or ""
//
// A pid alone says little: by the time it is looked up it can be another process's. So all
// that is read of /proc is read below one descriptor of /proc/PID, and counts only if the pidfd
// still is that of a process that is not reaped when all is read. What the process itself can
// choose (its name, its executable, its environment) is text, and nothing is decided by it.
//
// A core of a process that its user could not have looked into while it lived must not become
// readable to that user now. Such a core is private: whenever anything speaks for it, and when
// nothing can be found out.
package crasher
