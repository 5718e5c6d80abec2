package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// MostOutput is how much of a program's output is kept, in bytes: the first.
const MostOutput = 16 << 20

// Output is what a program writes, as far as it was read.
type Output struct {
	from   *os.File
	master *os.File // of a terminal: the same file

	mu     sync.Mutex
	news   chan struct{} // closed when one of these has changed
	text   []byte
	cut    bool
	eof    bool
	rate   int // bytes in a second, as long as slow
	slow   bool
	closed bool
}

// newOutput makes what a program has as its input and output: descriptors that are not set to
// O_NONBLOCK, unlike our own ends.
func newOutput(terminal, small bool) (o *Output, files [2]int, err error) {
	o = &Output{news: make(chan struct{})}
	if terminal {
		o.from, files[0], err = openTerminal()
		if err == nil {
			files[1], err = unix.FcntlInt(uintptr(files[0]), unix.F_DUPFD_CLOEXEC, 3)
		}
		o.master = o.from
		return o, files, err
	}
	var pipe [2]int
	if err = unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		return nil, files, os.NewSyscallError("pipe2", err)
	}
	if small {
		_, _ = unix.FcntlInt(uintptr(pipe[0]), unix.F_SETPIPE_SZ, os.Getpagesize()) // otherwise it takes longer to fill
	}
	_ = unix.SetNonblock(pipe[0], true)
	o.from, files[1] = os.NewFile(uintptr(pipe[0]), "output"), pipe[1]
	files[0], err = unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	return o, files, err
}

// openTerminal opens a pseudo terminal: pty(7).
func openTerminal() (master *os.File, slave int, err error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, -1, fmt.Errorf("there are no pseudo terminals: %w", err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		slave, err = unix.Open(fmt.Sprintf("/dev/pts/%d", number), unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, -1, err
	}
	return os.NewFile(uintptr(fd), "/dev/ptmx"), slave, nil
}

// read reads the output to its end, as fast as it is asked to.
func (o *Output) read() {
	const turns = 20 // a second, when it is to be slow
	buffer := make([]byte, 64<<10)
	for {
		o.mu.Lock()
		for o.slow && o.rate == 0 && !o.closed {
			news := o.news
			o.mu.Unlock()
			<-news
			o.mu.Lock()
		}
		size, slow := len(buffer), o.slow
		if slow {
			size = min(size, max(1, o.rate/turns))
		}
		o.mu.Unlock()
		n, err := o.from.Read(buffer[:size])
		o.took(buffer[:n], err)
		if err != nil {
			return
		}
		if slow {
			time.Sleep(time.Second / turns)
		}
	}
}

// took notes what was read.
func (o *Output) took(text []byte, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if room := MostOutput - len(o.text); len(text) > room {
		text, o.cut = text[:room], true
	}
	o.text = append(o.text, text...)
	if err != nil { // io.EOF; EIO of a terminal that nobody has open any more
		o.eof = true
	}
	o.changed()
}

func (o *Output) changed() {
	close(o.news)
	o.news = make(chan struct{})
}

// Read says how fast the output is read from now on, in bytes a second; 0 for not at all.
func (o *Output) Read(rate int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.slow, o.rate = true, rate
	o.changed()
}

// ReadAll says that the output is read as it comes, from now on.
func (o *Output) ReadAll() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.slow = false
	o.changed()
}

// HangUp closes the reading end: of a terminal that is a hang-up, of a pipe a SIGPIPE for
// whoever writes to it.
func (o *Output) HangUp() { o.close() }

func (o *Output) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.closed {
		o.closed, o.eof = true, true
		_ = o.from.Close()
		o.changed()
	}
}

// Type types a text at the terminal.
func (o *Output) Type(text string) error {
	if o.master == nil {
		return errors.New("the program has no terminal")
	}
	_, err := io.WriteString(o.master, text)
	return err
}

// Text returns what was written until now, and whether more was than is kept.
func (o *Output) Text() (text []byte, cut bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text[:len(o.text):len(o.text)], o.cut
}

// ErrNoMore says that the output has ended.
var ErrNoMore = errors.New("the output has ended")

// Await waits until the output fulfils a condition, which is asked whenever there is more of
// it. The error is that of the context, or ErrNoMore.
func (o *Output) Await(ctx context.Context, fulfilled func(text []byte) bool) error {
	for {
		o.mu.Lock()
		text, news, eof := o.text[:len(o.text):len(o.text)], o.news, o.eof
		o.mu.Unlock()
		if fulfilled(text) {
			return nil
		}
		if eof {
			return ErrNoMore
		}
		select {
		case <-news:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// AwaitMatch waits until the output, from an offset in bytes on, matches a pattern. It returns
// the offset of the end of the match.
func (o *Output) AwaitMatch(ctx context.Context, from int, pattern *regexp.Regexp) (end int, err error) {
	err = o.Await(ctx, func(text []byte) bool {
		at := pattern.FindIndex(text[from:])
		if at == nil {
			return false
		}
		end = from + at[1]
		return true
	})
	return end, err
}
