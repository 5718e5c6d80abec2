// Gocrash crashes in the way that its argument says. It is compiled by real_test.go.
package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"syscall"
)

type T struct{ a [10]int }

//go:noinline
func leaf(p *T) int { return p.a[3] }

//go:noinline
func deep(n int, p *T) int {
	if n == 0 {
		return leaf(p) + 1
	}
	return deep(n-1, p) + n
}

//go:noinline
func call(f func() int) int { return f() + 1 }

//go:noinline
func endless(n int) int { return endless(n+1) + n }

func main() {
	debug.SetTraceback("crash")
	switch os.Args[1] {
	case "nil":
		fmt.Println(deep(3, nil))
	case "call":
		fmt.Println(call(nil))
	case "panic":
		defer func() { panic("again") }()
		panic("x")
	case "goroutine":
		go func() { fmt.Println(deep(3, nil)) }()
		select {}
	case "quit":
		syscall.Kill(syscall.Getpid(), syscall.SIGQUIT)
		select {}
	case "system": // the runtime prints the traceback on the stack of the thread
		var lock sync.Mutex
		lock.Unlock()
	case "overflow":
		debug.SetMaxStack(1 << 20)
		fmt.Println(endless(1))
	}
}
