// Cgocrash crashes in C that was called from Go, that was called from C again.
package main

// extern int goes(int);
// static __attribute__((noinline)) int crash(int *p) { return *p; }
// static __attribute__((noinline)) int outer(int n) { return crash((int *)(long)n) + 1; }
// static __attribute__((noinline)) int calls(int n) { return goes(n) + 1; }
import "C"

import "runtime/debug"

//go:noinline
func below(n int) int { return int(C.outer(C.int(n))) + 1 }

//export goes
func goes(n C.int) C.int { return C.int(below(int(n))) }

//go:noinline
func above(n int) int { return int(C.calls(C.int(n))) + 1 }

func main() {
	debug.SetTraceback("crash")
	println(above(8))
}
