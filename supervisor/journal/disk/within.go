package disk

import (
	"fmt"
	"time"

	"supervise/supervisor/journal"
)

// Opened is a journal that continues what was there before.
type Opened struct {
	*Writer
	Earlier []journal.Record // the last ones
	Bad     int              // lines that cannot be read
}

// OpenWithin is [Open] with the last limit records of earlier runs, and gives up when the file
// system does not answer in time.
func OpenWithin(patience time.Duration, path string, size int64, limit int, report func(Report)) (*Opened, error) {
	type result struct {
		opened *Opened
		err    error
	}
	done := make(chan result, 1)
	go func() {
		w, err := Open(path, size, report)
		o := &Opened{Writer: w}
		if err == nil {
			o.Earlier, o.Bad = w.Earlier(limit)
		}
		done <- result{o, err}
	}()
	select {
	case r := <-done:
		return r.opened, r.err
	case <-time.After(patience):
	}
	go func() {
		if late := <-done; late.err == nil {
			_ = late.opened.Close(0) // the memory has gone on without it
		}
	}()
	return nil, fmt.Errorf("%s has not answered for %v; is it on a file system whose server is gone?", path, patience)
}
