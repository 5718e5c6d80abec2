// Package lattice holds the project to its rule that imports point down only, as
// go/build/deps_test.go does for the standard library. It has nothing but tests.
//
// The house stands in house_test.go, floor by floor: a new package is one line there. The
// checks are in lattice_test.go (who imports whom), pure_test.go (packages that decide
// without clock, I/O and goroutines) and start_test.go (what supervise init waits for
// before it runs). Others look at what is written: whether the map in README.md has every
// package (map_test.go), and whether the examples of doc.go files call what there is
// (examples_test.go), and whether links lead somewhere (links_test.go).
package lattice
