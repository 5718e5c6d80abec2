package logs

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestCut(t *testing.T) {
	long := strings.Repeat("x", MaxLine)
	for _, c := range []struct {
		name, data string
		line       string
		n          int
		mark       mark
	}{
		{"empty", "", "", 0, none},
		{"empty line", "\n", "", 1, whole},
		{"line", "ab\ncd\n", "ab", 3, whole},
		{"unfinished", "ab", "", 0, none},
		{"longest line", long + "\nab", long, MaxLine + 1, whole},
		{"longest line, end not seen", long, "", 0, none},
		{"too long", long + "x\n", long, MaxLine, continued},
		{"would split two bytes", long[1:] + "é\n", long[1:], MaxLine - 1, continued},
		{"would split four bytes", long[3:] + "𝄞\n", long[3:], MaxLine - 3, continued},
		{"no character", long[8:] + strings.Repeat("\x80", 16), long[8:] + "\x80\x80\x80\x80\x80\x80\x80\x80", MaxLine, continued},
	} {
		line, n, m := cut([]byte(c.data))
		if string(line) != c.line || n != c.n || m != c.mark {
			t.Errorf("%s: %d bytes of text, %d taken, mark %d; want %d, %d, %d",
				c.name, len(line), n, m, len(c.line), c.n, c.mark)
		}
	}
}

// split is the specification of what a pump makes of a stream: the pieces, and how each
// of them ends.
func split(text string) (pieces []string, marks []mark) {
	for text != "" {
		i := strings.IndexByte(text, '\n')
		m := whole
		switch {
		case i < 0 && len(text) <= MaxLine:
			pieces, marks = append(pieces, text), append(marks, partial)
			return pieces, marks
		case i < 0 || i > MaxLine:
			i, m = pieceEnd([]byte(text), MaxLine), continued
		}
		pieces, marks = append(pieces, text[:i]), append(marks, m)
		if text = text[i:]; m == whole {
			text = text[1:]
		}
	}
	return pieces, marks
}

// feed gives text to a pump's reading and splitting, in reads of the sizes given, and
// returns what it writes.
func feed(text string, shape layout, sizes []byte) string {
	m := newMemory()
	feedTo(bare("fuzz", shape, m), text, sizes)
	return m.String()
}

func feedTo(source *Source, text string, sizes []byte) {
	p, s := source.pump.Load(), &source.streams[0]
	p.work = newWork()
	defer p.work.free()
	for i := 0; text != ""; i++ {
		n := readSize
		if len(sizes) > 0 {
			n = 1 + int(sizes[i%len(sizes)])*int(sizes[i%len(sizes)])
		}
		n = min(n, len(text))
		copy(p.work.in[MaxLine:], text[:n])
		p.load(s, n)
		text = text[n:]
	}
	p.loadRest(s)
	p.flush()
}

// unfold makes long texts of short inputs: "\x01" to "\x08" repeat the byte after them
// 8^n times, up to 256 KiB in all.
func unfold(in []byte) string {
	var b bytes.Buffer
	for i := 0; i < len(in); i++ {
		if in[i] > 0 && in[i] <= 8 && i+1 < len(in) {
			n := min(1<<(3*in[i]), max(0, 256<<10-b.Len()))
			i++
			b.Write(bytes.Repeat(in[i:i+1], n))
			continue
		}
		b.WriteByte(in[i])
	}
	return b.String()
}

// FuzzSplit: whatever is written, in whatever pieces it arrives, the lines come out
// complete and in order.
func FuzzSplit(f *testing.F) {
	f.Add([]byte("a\nb\n\nlast"), []byte{1})
	f.Add([]byte("\x05x\x05y\nz\n"), []byte{255, 3})
	f.Add([]byte("\x05x\x05x\nz\n\xe2\x98\x83"), []byte{})
	f.Add([]byte("\x06x\xc3\xa9\x05\n\x05y"), []byte{200, 1, 0})
	f.Fuzz(func(t *testing.T, in, sizes []byte) {
		text := unfold(in)
		if got := feed(text, layout{}, sizes); got != text {
			t.Errorf("%d bytes became %d", len(text), len(got))
		}
		text = strings.ToValidUTF8(text, "?")
		pieces, marks := split(text)
		got := strings.Split(feed(text, layout{format: JSON}, sizes), "\n")
		if len(got) != len(pieces)+1 {
			t.Fatalf("%d pieces, want %d", len(got)-1, len(pieces))
		}
		for i, piece := range pieces {
			var o struct {
				Line               string
				Continued, Partial bool
			}
			if err := json.Unmarshal([]byte(got[i]), &o); err != nil {
				t.Fatal(err)
			}
			if o.Line != piece || o.Continued != (marks[i] == continued) || o.Partial != (marks[i] == partial) {
				t.Errorf("piece %d of %d bytes differs: %d bytes, continued %v, partial %v", i, len(piece), len(o.Line), o.Continued, o.Partial)
			}
		}
	})
}

func TestSplitLeavesPiecesInOrder(t *testing.T) {
	text := strings.Repeat("x", 3*MaxLine+5) + "\nend"
	_, marks := split(text)
	if !slices.Equal(marks, []mark{continued, continued, continued, whole, partial}) {
		t.Errorf("marks %v", marks)
	}
	got := feed(text, layout{named: true, width: 6}, nil)
	var signs []string
	for line := range strings.Lines(got) {
		signs = append(signs, line[:9])
	}
	want := []string{"fuzz   | ", "fuzz   + ", "fuzz   + ", "fuzz   + ", "fuzz   | "}
	if !slices.Equal(signs, want) {
		t.Errorf("lines begin with %q, want %q", signs, want)
	}
}
