package sparse

import (
	"bytes"
	"errors"
	"io"
	"os"
	"syscall"
)

const (
	// BufferSize is how much is read and looked at at once.
	BufferSize = 1 << 20

	page = 4096

	// minHole is the shortest run of zeros that is left out in the middle of data: a shorter
	// one costs more in calls and in pieces of the file than it saves.
	minHole = 4 * page
)

// Writer writes a new file from its beginning, without runs of zeros. It is not for more than
// one goroutine.
type Writer struct {
	file  *os.File
	allow func(n int) error

	buf  []byte // what was not written yet; of BufferSize
	n    int
	at   int64 // where in the file buf begins: a multiple of page
	data int64
	err  error
}

// NewWriter returns a writer to a file, which stays its caller's. Before each n bytes of data
// allow is asked, unless it is nil; its error ends the writing.
func NewWriter(file *os.File, allow func(n int) error) *Writer {
	return &Writer{file: file, allow: allow}
}

// Size is how much was written, zeros included.
func (w *Writer) Size() int64 { return w.at + int64(w.n) }

// Data is how much of that has gone to the file as data.
func (w *Writer) Data() int64 { return w.data }

// Write takes bytes. After an error all that follows has the same one.
func (w *Writer) Write(p []byte) (n int, err error) {
	for n < len(p) && w.err == nil {
		if w.n == 0 && len(p)-n >= BufferSize {
			w.put(p[n : n+BufferSize])
			n += BufferSize
			continue
		}
		c := copy(w.space(), p[n:])
		w.n += c
		n += c
		if w.n == BufferSize {
			w.flush()
		}
	}
	return n, w.err
}

func (w *Writer) space() []byte {
	if w.buf == nil {
		w.buf = make([]byte, BufferSize)
	}
	return w.buf[w.n:]
}

// ReadFrom takes all that is to be read. Reading goes on while the file is written, so that
// whoever writes into a pipe waits for the slower of both, and not for their sum.
func (w *Writer) ReadFrom(r io.Reader) (n int64, err error) {
	begin := w.Size()
	free, full := make(chan []byte, 3), make(chan []byte, 3)
	for range cap(free) {
		free <- make([]byte, BufferSize)
	}
	var readErr error
	ended := make(chan struct{})
	begun := w.n // the first is shorter, so that the others need not be copied to fit the file's pages
	go func() {
		defer close(full)
		for ; ; begun = 0 {
			var buf []byte
			select {
			case buf = <-free:
			case <-ended:
				return
			}
			n, err := io.ReadFull(r, buf[:BufferSize-begun])
			if n > 0 {
				full <- buf[:n] // never waits: there are no more buffers than places
			}
			if err != nil {
				if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
					readErr = err
				}
				return
			}
		}
	}()
	for buf := range full {
		if _, err := w.Write(buf); err != nil {
			close(ended)
			// The reader may be waiting for a peer that writes no more; it ends with its file.
			return w.Size() - begin, err
		}
		free <- buf[:cap(buf)]
	}
	return w.Size() - begin, readErr
}

// Skip takes n zeros.
func (w *Writer) Skip(n int64) error {
	for w.n > 0 && n > 0 && w.err == nil { // fill up the buffer
		c := min(n, int64(BufferSize-w.n))
		clear(w.space()[:c])
		w.n += int(c)
		n -= c
		if w.n == BufferSize {
			w.flush()
		}
	}
	if w.err == nil {
		w.at += n &^ (page - 1)
		rest := int(n & (page - 1))
		if rest > 0 {
			clear(w.space()[:rest])
			w.n = rest
		}
	}
	return w.err
}

// flush writes what is still in memory. Unless what was taken is a multiple of 4096 bytes, it
// is for the end.
func (w *Writer) flush() {
	n := w.n
	w.n = 0
	w.put(w.buf[:n])
}

// put writes bytes at the end of the file, in runs of data between runs of zeros.
func (w *Writer) put(b []byte) {
	for len(b) > 0 && w.err == nil {
		zeros := leadingZeros(b)
		if zeros > 0 && (zeros >= minHole || zeros == len(b)) {
			w.at += int64(zeros)
			b = b[zeros:]
			continue
		}
		n := dataRun(b)
		if w.write(b[:n]) {
			w.at += int64(n)
			b = b[n:]
		}
	}
}

func (w *Writer) write(b []byte) bool {
	if w.allow != nil {
		w.err = w.allow(len(b))
	}
	if w.err == nil {
		var n int
		n, w.err = w.writeAt(b)
		w.data += int64(n)
		if w.err != nil {
			w.at += int64(n) // so much is there
		}
	}
	return w.err == nil
}

// writeAt writes as much as there is room for: tmpfs refuses the whole of a large write that
// does not fit (large folios, Linux 6.14).
func (w *Writer) writeAt(b []byte) (n int, err error) {
	for size := len(b); n < len(b); {
		var c int
		c, err = w.file.WriteAt(b[n:min(n+size, len(b))], w.at+int64(n))
		n += c
		if err == nil {
			continue
		}
		if !errors.Is(err, syscall.ENOSPC) || size <= page {
			return n, err
		}
		size = max(size/2&^(page-1), page)
	}
	return n, nil
}

// Close writes what is still in memory and gives the file its size, also after an error: that
// of all that has been taken until then. It does not close the file.
func (w *Writer) Close() error {
	if w.err == nil && w.n > 0 {
		w.flush()
	}
	w.n, w.buf = 0, nil
	if err := w.file.Truncate(w.at); err != nil && w.err == nil {
		w.err = err
	}
	return w.err
}

var zeroPage [page]byte

// IsZero reports whether all bytes are zero.
func IsZero(b []byte) bool { return leadingZeros(b) == len(b) }

// leadingZeros counts the whole pages of zeros that b begins with, and what is left at its end
// if that is zeros too.
func leadingZeros(b []byte) (n int) {
	for n < len(b) {
		p := b[n:min(n+page, len(b))]
		// Most data shows it in its first bytes; bytes.Equal compares 32 at a time.
		if p[0] != 0 || !bytes.Equal(p, zeroPage[:len(p)]) {
			return n
		}
		n += len(p)
	}
	return n
}

// dataRun returns how many bytes come before the next zeros that are to be left out. b begins
// with data, or with few zeros.
func dataRun(b []byte) int {
	for n := 0; n < len(b); {
		zeros := leadingZeros(b[n:])
		if n > 0 && (zeros >= minHole || zeros > 0 && n+zeros == len(b)) {
			return n
		}
		n += max(zeros, min(page, len(b)-n))
	}
	return len(b)
}
