package logs

import "golang.org/x/sys/unix"

// work is the memory that a pump needs only while it works, so that few exist.
type work struct {
	memory []byte // mapped memory of the rest, if it was mapped
	in     []byte // MaxLine bytes for the start of a line, then readSize to read into
	out    [2][]byte
	stamp  []byte
	spare  [][]byte // for the starts of lines that streams keep
}

// The parts of a work, in bytes. outSize has room for one more line after which the buffer is
// written; append grows it for one that JSON makes longer still.
const (
	inSize   = MaxLine + readSize
	outSize  = flushSize + MaxLine + 4096
	workSize = inSize + 2*outSize
)

// What is kept when nobody needs it: works, and in each of them so many pieces of memory
// of up to so many bytes for beginnings of lines.
const (
	spareWorks = 2
	spareRests = 16
	spareRest  = 4096
)

// newWork maps the memory instead of allocating it: only touched pages count, the garbage
// collector is not affected, and it can be released at once.
func newWork() *work {
	m, err := unix.Mmap(-1, 0, workSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	w := &work{memory: m}
	if err != nil {
		w.memory, m = nil, make([]byte, workSize)
	}
	w.in = m[:inSize:inSize]
	for i := range w.out {
		start := inSize + i*outSize
		w.out[i] = m[start : start : start+outSize]
	}
	return w
}

func (w *work) free() {
	if w.memory != nil {
		// It can only fail if it was not mapped.
		_ = unix.Munmap(w.memory)
	}
}

func (l *Logs) borrow() *work {
	l.mu.Lock()
	defer l.mu.Unlock()
	last := len(l.spare) - 1
	if last < 0 {
		return newWork()
	}
	w := l.spare[last]
	l.spare = l.spare[:last]
	return w
}

func (l *Logs) giveBack(w *work) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.spare) < spareWorks && !l.closed {
		l.spare = append(l.spare, w)
		return
	}
	w.free()
}

// keep adds b to the start of a line that s keeps.
func (s *stream) keep(w *work, b []byte) {
	if len(b) == 0 {
		return
	}
	if last := len(w.spare) - 1; s.rest == nil && last >= 0 && len(b) <= spareRest {
		s.rest = w.spare[last]
		w.spare = w.spare[:last]
	}
	s.rest = append(s.rest, b...)
}

// drop empties s.rest.
func (s *stream) drop(w *work) {
	if s.rest != nil && cap(s.rest) <= spareRest && len(w.spare) < spareRests {
		w.spare = append(w.spare, s.rest[:0])
	}
	s.rest = nil
}
