package segment

import (
	"errors"
	"testing"
	"unsafe"
)

// aligned copies bytes to where a segment may be.
func aligned(text []byte) []byte {
	words := make([]uint64, len(text)/8+1)
	memory := unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), len(text))
	copy(memory, text)
	return memory
}

// FuzzReader reads segments that a madman has written.
func FuzzReader(f *testing.F) {
	m, v := made(f, 4, 2)
	v.Store(0, &full)
	f.Add(m[:Size(2)])
	f.Add(m)
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 1<<14 {
			return
		}
		v, err := Look(aligned(text))
		if err != nil {
			if !errors.Is(err, ErrLayout) {
				t.Error(err)
			}
			return
		}
		for _, s := range v.Snapshot(nil) {
			_ = s.Exit()
			if len(s.Name) > maxName || len(s.State) > maxState || len(s.Sender) > maxSender {
				t.Errorf("%+v", s)
			}
		}
	})
}
