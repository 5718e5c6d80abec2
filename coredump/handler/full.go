package handler

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"supervise/coredump/order"
	"supervise/internal/size"
)

var errTimeout = errors.New("the timeout is over")

// full writes the full core.
func (j *job) full(ctx context.Context) {
	if j.entry == nil || j.order.Capture != order.Full && j.order.Capture != order.MiniAndFull {
		return
	}
	if j.order.File != "" {
		j.fullFile()
		return
	}
	f, err := j.entry.Full(j.head.Expected())
	if err != nil {
		j.report.Problems = append(j.report.Problems, err.Error())
		return
	}
	core := j.core
	stop := context.AfterFunc(ctx, func() { _ = core.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	_, err = f.Write(j.raw.Bytes())
	j.raw.Reset()
	from := &cuttable{core: core}
	if err == nil {
		_, err = f.ReadFrom(from)
	}
	switch {
	case err != nil: // it is in the state of the core
	case from.cut:
		f.Cut(j.why(ctx))
	case f.Size() < j.head.Expected() && j.process != nil && j.process.Killed():
		f.Cut("the process was killed by SIGKILL after " + size.Format(f.Size()) + " of " + size.Format(j.head.Expected()))
	}
	_ = f.Close()
}

// why says why a core was cut.
func (j *job) why(ctx context.Context) string {
	if errors.Is(context.Cause(ctx), errTimeout) {
		return "it was not written within the timeout of " + j.order.Timeout.String()
	}
	return "the collector was stopped meanwhile"
}

// cuttable ends where the deadline does.
type cuttable struct {
	core *os.File
	cut  bool
}

func (c *cuttable) Read(b []byte) (int, error) {
	n, err := c.core.Read(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.cut, err = true, io.EOF
	}
	return n, err
}
