// Package tree knows what descends from a service: its main process, its workers, and
// what forked twice or called setsid to get away. It is what makes "stopped" mean that
// nothing is left.
//
// There are two ways to know, and [Root.Method] says which one holds:
//
//   - A cgroup for each service, where the kernel keeps the list: processes are born into
//     it (clone3 with CLONE_INTO_CGROUP), cannot leave it unnoticed, and end together by
//     one write to cgroup.kill. Needs cgroup2 and the right to make directories in it.
//   - Descent, everywhere else: the supervisor is subreaper, so that every orphan becomes
//     its child and nothing can leave the tree below it. A process belongs to a service if
//     it, or one of its ancestors, is in the session or process group that the service was
//     started in, or carries the service's mark in its initial environment.
//
// Neither polls. Whether something is left is asked when a process of ours was reaped:
// survivors of a service are the supervisor's own children once those above them are gone,
// so that the last one cannot end without a SIGCHLD.
package tree
