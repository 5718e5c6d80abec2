// Package rundir is the directory in which a running supervisor keeps its files, and the
// lock by which there is one supervisor for each such directory.
package rundir
