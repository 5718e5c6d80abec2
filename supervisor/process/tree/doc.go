// Package tree knows the descendants of a service: its main process, its workers, and what
// forked twice or called setsid to get away. Because of it, "stopped" means that nothing is
// left.
//
//	root := tree.Open(name, mark, isMain)
//	service := root.Service("web")
//	fd, ok, err := service.CgroupFD()      // start the main process in there
//	service.Started(pid)
//	empty, err := service.Empty()          // after a child was reaped
//	err = service.Kill()
//
// There are two methods, and [Root.Method] says which one is in use:
//
//   - A cgroup for each service. The kernel keeps the list: processes are created in it
//     (clone3 with CLONE_INTO_CGROUP), cannot leave it unnoticed, and end together by one
//     write to cgroup.kill. It needs cgroup2 and permission to make directories in it.
//   - Ancestry, everywhere else. The supervisor is subreaper, so that every orphan becomes
//     its child and nothing can leave the tree below it. A process belongs to a service if
//     it, or one of its ancestors, is in the session or process group that the service was
//     started in, or has the service's mark in its initial environment or its brand among
//     its limits.
//
// Neither polls. The question whether anything is left is asked when a process of ours was
// reaped: once the processes above them are gone, survivors of a service are the supervisor's
// own children, so the last one cannot end without a SIGCHLD.
package tree
