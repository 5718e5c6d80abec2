// Package release says which version of the program this is.
//
//	fmt.Println("supervise " + release.Version)
//
// It is early, see cmd/supervise/preinit: what has to be worked out, such as what the Go
// toolchain has noted of the build, is left to those who have the time for it.
package release
