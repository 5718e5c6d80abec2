// Package precore runs the plain questions about a core before most of the program is
// initialised, as package preinit does for init, and for the same reason. It needs
// package os, so that it comes later than that: behind what sorts before "os" and needs
// nothing else, and before "unicode", for which nearly everything waits.
package precore
