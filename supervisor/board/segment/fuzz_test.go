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
			_ = s.ExitText()
			if len(s.Name) > 80 || len(s.State) > 16 || len(s.Exit.By.Name) > 16 || len(s.Exit.Cause) > 48 {
				t.Errorf("%+v", s)
			}
		}
	})
}
