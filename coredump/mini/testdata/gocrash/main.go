// Gocrash has goroutines that work and wait, and then a fault, or waits with an argument.
package main

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"
)

var nowhere *int

//go:noinline
func spin(i int) (n int) {
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); n += i {
		time.Sleep(time.Millisecond)
	}
	return n
}

//go:noinline
func blocked(fd int) int {
	b := make([]byte, 1)
	n, _ := syscall.Read(fd, b) // keeps its thread
	return n
}

//go:noinline
func crash() int { return *nowhere }

//go:noinline
func serve() int { return crash() + 1 }

func main() {
	ballast := make([][]byte, 0, 20000)
	for range cap(ballast) {
		ballast = append(ballast, make([]byte, 1000))
	}
	var p [2]int
	if err := syscall.Pipe(p[:]); err != nil {
		panic(err)
	}
	for i := range 3 {
		go spin(i)
		go blocked(p[0])
	}
	time.Sleep(100 * time.Millisecond)
	if len(os.Args) > 1 {
		fmt.Println("ready")
		blocked(p[0])
	}
	fmt.Println(serve(), len(ballast))
	runtime.KeepAlive(ballast)
}
