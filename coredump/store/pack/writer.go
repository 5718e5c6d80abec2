package pack

import (
	"errors"
	"io"
	"runtime"
	"sync"

	"github.com/klauspost/compress/zstd"

	"supervise/coredump/store/sparse"
)

// FrameSize is how much of a core is compressed on its own.
const FrameSize = 2 << 20

// Options of a writer. The zero value uses all processors.
type Options struct {
	// Workers is how many goroutines compress; 0 for as many as there are processors.
	Workers int
	// Prepare is called in each of these goroutines first, and in that which writes, on a
	// thread of its own that ends with it: to give it a low priority. nil for nothing.
	Prepare func()
}

// Writer compresses what is written to it. It is not for more than one goroutine.
type Writer struct {
	options Options
	work    chan *frame
	order   chan *frame // in the order of the file
	workers sync.WaitGroup
	written chan struct{} // closed when all is in the file

	free  chan *frame
	now   *frame // that is being filled
	zeros int64  // between now, which is empty then, and what comes next
	size  int64
	good  int64 // of size, what is in the file

	failed chan struct{} // closed after err is set
	err    error
}

// frame is a piece of the core, and what it is compressed.
type frame struct {
	data   []byte
	zeros  int64 // if it stands for these instead
	packed []byte
	done   chan struct{}
}

// NewWriter returns a writer to w, from which goroutines write until Close.
func NewWriter(w io.Writer, o Options) *Writer {
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	// One more frame than there are workers is filled, and one is written.
	n := o.Workers + 2
	p := &Writer{
		options: o, work: make(chan *frame, n), order: make(chan *frame, n), free: make(chan *frame, n),
		written: make(chan struct{}), failed: make(chan struct{}),
	}
	for range n {
		p.free <- &frame{done: make(chan struct{}, 1)}
	}
	for range o.Workers {
		p.workers.Go(p.compress)
	}
	go p.write(w)
	return p
}

// Size is how much has been taken, before compression.
func (p *Writer) Size() int64 { return p.size }

// Written is how much of that can be read from the file. It is for after Close.
func (p *Writer) Written() int64 { return p.good }

// prepare begins a goroutine.
func (p *Writer) prepare() {
	if p.options.Prepare != nil {
		runtime.LockOSThread() // and never unlock: the thread ends with its priority
		p.options.Prepare()
	}
}

// compress is a worker.
func (p *Writer) compress() {
	p.prepare()
	// The fastest level already beats that of `zstd -1`: see BenchmarkPack.
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err) // of the options, which are constants
	}
	for f := range p.work {
		if f.zeros > 0 {
			f.packed = appendZeros(f.packed[:0], f.zeros)
		} else {
			f.packed = encoder.EncodeAll(f.data, f.packed[:0])
		}
		f.done <- struct{}{}
	}
}

// write writes frames in their order. After an error it takes them and does nothing with them.
func (p *Writer) write(w io.Writer) {
	defer close(p.written)
	p.prepare()
	for f := range p.order {
		<-f.done
		if p.err == nil {
			if _, err := w.Write(f.packed); err != nil {
				p.err = err
				close(p.failed)
			} else {
				p.good += int64(len(f.data)) + f.zeros
			}
		}
		f.data, f.zeros = f.data[:0], 0
		p.free <- f
	}
}

// failure is the error of the file, if there was one.
func (p *Writer) failure() error {
	select {
	case <-p.failed:
		return p.err
	default:
		return nil
	}
}

// Write takes bytes. Errors of the file may come with a later call, or with Close.
func (p *Writer) Write(b []byte) (n int, err error) {
	for n < len(b) {
		if err := p.failure(); err != nil {
			return n, err
		}
		f := p.current()
		if f.data == nil {
			f.data = make([]byte, 0, FrameSize)
		}
		c := min(len(b)-n, FrameSize-len(f.data))
		f.data = append(f.data, b[n:n+c]...)
		n += c
		p.size += int64(c)
		if len(f.data) == FrameSize {
			p.send()
		}
	}
	return n, nil
}

// ReadFrom takes all that is to be read.
func (p *Writer) ReadFrom(r io.Reader) (n int64, err error) {
	for {
		if err := p.failure(); err != nil {
			return n, err
		}
		f := p.current()
		if f.data == nil {
			f.data = make([]byte, 0, FrameSize)
		}
		c, err := r.Read(f.data[len(f.data):FrameSize])
		f.data = f.data[:len(f.data)+c]
		n += int64(c)
		p.size += int64(c)
		if len(f.data) == FrameSize {
			p.send()
		}
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// Skip takes n zeros.
func (p *Writer) Skip(n int64) error {
	for n > 0 {
		if err := p.failure(); err != nil {
			return err
		}
		if p.zeros == 0 && (n < FrameSize || p.now != nil) {
			// Fill up the frame, or take few zeros for data.
			c := min(n, FrameSize)
			if p.now != nil {
				c = min(n, int64(FrameSize-len(p.now.data)))
			}
			if _, err := p.Write(zeros[:c]); err != nil {
				return err
			}
			n -= c
			continue
		}
		p.zeros += n
		p.size += n
		n = 0
	}
	return nil
}

var zeros [FrameSize]byte

// current is the frame that is being filled. Zeros before it are sent as one of their own.
func (p *Writer) current() *frame {
	if p.zeros > 0 {
		p.sendZeros()
	}
	if p.now == nil {
		p.now = <-p.free
	}
	return p.now
}

// sendZeros hands on a frame that stands for zeros.
func (p *Writer) sendZeros() {
	f := <-p.free
	f.zeros, p.zeros = p.zeros, 0
	p.work <- f
	p.order <- f
}

// send hands on the frame that is full.
func (p *Writer) send() {
	f := p.now
	p.now = nil
	if sparse.IsZero(f.data) {
		p.zeros += int64(len(f.data))
		f.data = f.data[:0]
		p.free <- f
		return
	}
	p.work <- f
	p.order <- f
}

// Close writes what is left and waits until all is in the file.
func (p *Writer) Close() error {
	if p.zeros > 0 {
		p.sendZeros()
	}
	if p.now != nil && len(p.now.data) > 0 {
		p.work <- p.now
		p.order <- p.now
	}
	close(p.work)
	close(p.order)
	<-p.written
	p.workers.Wait()
	return p.err
}
