// Package preflight finds what the services of a configuration need and this host does not
// have: programs and their interpreters, directories, environment files, log directories.
//
//	findings := preflight.Look(file, os.Environ(), 5*time.Second)
//
// It asks by the code that a start uses: the same PATH is searched, the same files are
// refused, and as root the rights of a service's own user are tried. It starts nothing and
// changes nothing.
//
// What keeps a service from starting is an error. What does without, or could not be looked
// at, is a warning: somebody who is not root may not see what root will see.
//
// A file system that does not answer holds up only what is on it. When nothing else is left,
// [Look] soon returns with what it has, and leaves threads behind that the kernel may hold for ever. So
// the caller should be a process that nobody waits for.
package preflight
