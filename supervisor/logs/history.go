package logs

import (
	"bytes"
	"encoding/binary"
	"iter"
	"sync"
	"sync/atomic"
)

// A history is kept in two pages of memory. One is written until it is full; then the other,
// older one is emptied and takes its place. So dropping old lines costs nothing, and between
// one and two pages of lines are kept.
//
// A page begins small and doubles up to mostPage bytes, as long as all histories together
// have less than memoryBudget; up to leastPage it may grow in any case.
const (
	firstPage    = 128
	leastPage    = 4 << 10
	mostPage     = 32 << 10
	memoryBudget = 2 << 20
)

// MaxKept is the most bytes of a line that are kept. A longer one is cut and ends with "
// ...". A record of that length fits the smallest page.
const MaxKept = leastPage - trailerSize

// cutOff replaces the rest of a line that is too long.
const cutOff = " ..."

// history is the last lines of a service, of all its generations, with its followers.
type history struct {
	memory *atomic.Int64 // bytes of the pages of all histories

	mu         sync.Mutex
	page, last []byte // the page being written, and the previous one
	generation uint32 // of the newest source
	followers  []*follower
}

// origin says where lines come from. It follows their text in a trailer of trailerSize bytes,
// together with the length of the text, so that a page can be read backwards.
type origin struct {
	time       int64 // Unix, in nanoseconds
	generation uint32
	second     bool // standard error
}

const trailerSize = 2 + 8 + 4 + 1

// next returns the number of a new generation.
func (h *history) next() uint32 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.generation++
	return h.generation
}

// add adds lines, of which the last may lack its newline. They are kept in records as they
// came, a few kilobytes at a time, and split when somebody asks: that is next to no work per
// line.
func (h *history) add(data []byte, o origin) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.followers) == 0 {
		if last := lastKept(data); len(last) < len(data) {
			data, h.page, h.last = last, h.page[:0], h.last[:0]
		}
	}
	for len(data) > 0 {
		end := bytes.LastIndexByte(data[:min(len(data), MaxKept+1)], '\n')
		switch {
		case end >= 0: // no line up to here is too long
			h.record(data[:end], "", o)
		case len(data) <= MaxKept:
			h.record(data, "", o)
			return
		default:
			h.record(data[:pieceEnd(data, MaxKept-len(cutOff))], cutOff, o)
			if end = bytes.IndexByte(data, '\n'); end < 0 {
				return
			}
		}
		data = data[end+1:]
	}
}

// lastKept leaves out all but the last lines of data, if those are as much as is to be kept.
func lastKept(data []byte) []byte {
	const most = mostPage + mostPage/2
	if len(data) <= most {
		return data
	}
	last := data[len(data)-most:]
	for at := 0; at < most; at += MaxKept / 2 {
		if bytes.IndexByte(last[at:min(at+MaxKept/2, most)], '\n') < 0 {
			return data // a line may be cut, and what is kept of all this small
		}
	}
	return last[bytes.IndexByte(last, '\n')+1:]
}

// record keeps text, lines separated by newlines, and passes it on to followers.
func (h *history) record(text []byte, end string, o origin) {
	h.room(len(text) + len(end) + trailerSize)
	b := append(append(h.page, text...), end...)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(text)+len(end)))
	b = binary.LittleEndian.AppendUint64(b, uint64(o.time))
	b = binary.LittleEndian.AppendUint32(b, o.generation)
	second := byte(0)
	if o.second {
		second = 1
	}
	h.page = append(b, second)
	if len(h.followers) > 0 {
		h.tell(string(text)+end, o)
	}
}

// lastRecord splits the last record off a page that is not empty.
func lastRecord(page []byte) (text []byte, o origin, before []byte) {
	at := len(page) - trailerSize
	t := page[at:]
	start := at - int(binary.LittleEndian.Uint16(t))
	o.time = int64(binary.LittleEndian.Uint64(t[2:]))
	o.generation = binary.LittleEndian.Uint32(t[10:])
	o.second = t[14] == 1
	return page[start:at], o, page[:start]
}

// backward returns the kept lines, last one first, without their newline or a carriage return
// before it. The lock must be held.
func (h *history) backward() iter.Seq2[origin, []byte] {
	return func(yield func(origin, []byte) bool) {
		for _, page := range [...][]byte{h.page, h.last} {
			for len(page) > 0 {
				text, o, before := lastRecord(page)
				page = before
				for start := len(text); start >= 0; {
					text = text[:start]
					start = bytes.LastIndexByte(text, '\n')
					if !yield(o, bytes.TrimSuffix(text[start+1:], carriageReturn)) {
						return
					}
				}
			}
		}
	}
}

var carriageReturn = []byte{'\r'}

// room makes room in the page for size more bytes, at most leastPage.
func (h *history) room(size int) {
	need := len(h.page) + size
	if need <= cap(h.page) {
		return
	}
	if larger := enough(cap(h.page), need); h.claim(larger-cap(h.page), larger) {
		h.page = append(make([]byte, 0, larger), h.page...)
		return
	}
	h.page, h.last = h.last[:0], h.page
	if size <= cap(h.page) {
		return
	}
	// A service that has filled one page will fill the next.
	larger := enough(cap(h.last), size)
	if !h.claim(larger-cap(h.page), larger) {
		larger = leastPage
		h.memory.Add(int64(larger - cap(h.page)))
	}
	h.page = make([]byte, 0, larger)
}

// enough doubles the size of a page until it is need or more.
func enough(size, need int) int {
	size = max(size, firstPage)
	for size < need {
		size *= 2
	}
	return size
}

// claim reports whether a page may grow by that many bytes to the given size.
func (h *history) claim(growth, size int) bool {
	if size > mostPage {
		return false
	}
	if h.memory.Add(int64(growth)) <= memoryBudget || size <= leastPage {
		return true
	}
	h.memory.Add(int64(-growth))
	return false
}

// forget releases the memory. What still comes does not count towards the budget.
func (h *history) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.memory.Add(int64(-cap(h.page) - cap(h.last)))
	h.page, h.last, h.memory = nil, nil, new(atomic.Int64)
}
