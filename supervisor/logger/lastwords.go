package logger

import (
	"fmt"
	"os"
	"time"
)

// LastWords writes to standard error, past the logs, and gives up if that is stuck.
func LastWords(text string) {
	written := make(chan struct{})
	go func() {
		fmt.Fprintln(os.Stderr, text)
		close(written)
	}()
	select {
	case <-written:
	case <-time.After(100 * time.Millisecond):
	}
}
