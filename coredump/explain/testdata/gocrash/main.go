// Command gocrash writes through a nil pointer, or is aborted.
package main

import (
	"os"
	"syscall"
)

type server struct{ count int }

//go:noinline
func (s *server) handle(n int) {
	if n > 0 {
		s.handle(n - 1)
		return
	}
	s.count++
}

//go:noinline
func serve(s *server) { s.handle(2) }

func main() {
	if len(os.Args) > 1 && os.Args[1] == "kill" {
		_ = syscall.Kill(os.Getpid(), syscall.SIGQUIT)
		select {}
	}
	serve(nil)
}
