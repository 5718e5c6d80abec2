package logs

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestTail(t *testing.T) {
	long := strings.Repeat("x", tailLine+1)
	many := func(from, to int) (lines []string) {
		for i := from; i < to; i++ {
			lines = append(lines, fmt.Sprint("line ", i))
		}
		return lines
	}
	for _, c := range []struct {
		name   string
		blocks []string
		want   []string
	}{
		{"nothing", nil, nil},
		{"one", []string{"a\n"}, []string{"a"}},
		{"empty lines", []string{"\n\n"}, []string{"", ""}},
		{"crlf", []string{"a\r\nb\r\n"}, []string{"a", "b"}},
		{"in order", []string{"a\nb\n", "c\n"}, []string{"a", "b", "c"}},
		{"twenty of one block", []string{strings.Join(many(0, 100), "\n") + "\n"}, many(80, 100)},
		{"twenty of two", []string{strings.Join(many(0, 30), "\n") + "\n", "end\n"}, append(many(11, 30), "end")},
		{"long line", []string{"a\n" + long + "\n"}, []string{"a", long[:tailLine-5] + cutOff}},
		{"longest line", []string{long[2:] + "\n"}, []string{long[2:]}},
	} {
		var got tail
		for _, b := range c.blocks {
			got.add([]byte(b))
		}
		if !slices.Equal(got.lines(), c.want) {
			t.Errorf("%s: %q, want %q", c.name, got.lines(), c.want)
		}
	}
}

// TestTailBounds compares a tail with a plain list of lines, and looks at its memory.
func TestTailBounds(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var got tail
	var all []string
	for range 2000 {
		var block strings.Builder
		for range 1 + r.IntN(30) {
			line := strings.Repeat("y", r.IntN(1<<r.IntN(11)))
			all = append(all, line)
			block.WriteString(line + "\n")
		}
		got.add([]byte(block.String()))

		want, size := len(all), 0
		for want > 0 && len(all)-want < TailLines {
			n := min(len(all[want-1])+1, tailLine)
			if size+n > TailBytes {
				break
			}
			size += n
			want--
		}
		lines := got.lines()
		if len(lines) != len(all)-want {
			t.Fatalf("%d lines, want %d", len(lines), len(all)-want)
		}
		for i, line := range lines {
			if long := all[want+i]; line != long && line != long[:min(len(long), tailLine-5)]+cutOff {
				t.Fatalf("line %d is %q", i, line)
			}
		}
		if cap(got.buf) > TailBytes {
			t.Fatalf("%d bytes of memory", cap(got.buf))
		}
		all = all[want:]
	}
}
