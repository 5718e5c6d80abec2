//go:build !slim

package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"supervise/internal/size"
)

// progressBar shows on a terminal how far something has come that takes long.
type progressBar struct {
	w     io.Writer // nil: nowhere
	began time.Time
	last  time.Time
	shown bool
}

const (
	barWidth    = 30
	barPatience = 300 * time.Millisecond // what takes no longer has no bar
	barPause    = 100 * time.Millisecond
)

// newProgressBar returns a bar that is shown if f is a terminal.
func newProgressBar(f *os.File) *progressBar {
	b := &progressBar{began: time.Now()}
	if isTerminal(f) {
		b.w = f
	}
	return b
}

// show draws the bar for so many bytes of total; 0 if that is not known.
func (b *progressBar) show(done, total int64) {
	now := time.Now()
	if b.w == nil || now.Sub(b.began) < barPatience || now.Sub(b.last) < barPause {
		return
	}
	b.last, b.shown = now, true
	rate := int64(float64(done) / now.Sub(b.began).Seconds())
	text := fmt.Sprintf("%s  %s/s", size.Format(done), size.Format(rate))
	if total > 0 {
		share := min(float64(done)/float64(total), 1)
		full := int(share * barWidth)
		text = fmt.Sprintf("[%s%s] %3.0f %%  %s", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), share*100, text)
	}
	fmt.Fprintf(b.w, "\r%s\x1b[K", text)
}

// end removes the bar.
func (b *progressBar) end() {
	if b.shown {
		fmt.Fprint(b.w, "\r\x1b[K")
	}
}
