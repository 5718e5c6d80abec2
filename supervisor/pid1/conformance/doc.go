// Package conformance holds supervise init to what it promises: to be an init, and to be
// tini, dumb-init and catatonit when it is called so. It has no code but tests.
//
//	build the full and the slim program
//	for each row of the tables: a program's name, arguments, a script, signals
//	    for each build, and for the real program where the row says that it behaves
//	        plainly, as PID 1 of a namespace, in an OCI container
//	            the exit status and output are as the row says
//
// All of it runs before there is a Go runtime wherever that is possible (package nucleus), and
// once more with the runtime: TestWithoutNucleus, and a variable in the containers. The rows
// for PID 1 run as arm64's, too, below an emulator: TestEmulated. With -v the last lines say how many
// passed in each cell of that table:
//
//	go test -v ./supervisor/pid1/conformance | sed -n '/^architecture/,$p'
//
// engine_test.go starts a Docker Engine, and does to containers of its what people do.
//
// What no table can hold (terminals, signals at any moment, descriptors, masks, parents,
// storms) has tests of its own, in a file each. docs/pid1.md lists what is better here than
// in the real programs; rows that show it say that those do not take part.
//
// Nothing of the program's own packages is called but to make and read signals: it is seen
// from outside, as a container runtime does.
package conformance
