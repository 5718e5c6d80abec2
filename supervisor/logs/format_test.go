package logs

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"supervise/internal/text/escape"
)

func TestFormats(t *testing.T) {
	var b strings.Builder
	lines := []struct {
		text string
		mark mark
	}{
		{"hello", whole},
		{"", whole},
		{"say \"hi\" \\ \x1b[31mred\x1b[0m \xff\r", whole},
		{"a long li", continued},
		{"ne", whole},
		{"no newline", partial},
	}
	for _, l := range []struct {
		name string
		layout
	}{
		{"file, text", layout{}},
		{"file or console, json", layout{format: JSON}},
		{"console, text", layout{named: true, width: 8}},
		{"console, text, colours", layout{named: true, color: true, width: 8}},
	} {
		fmt.Fprintf(&b, "# %s\n", l.name)
		for i, service := range []string{"web", "long-name"} {
			src := &Source{service: service, quoted: escape.AppendJSONText(nil, service), color: uint8(i)}
			st := &stream{source: src, second: i == 1}
			for _, line := range lines {
				stamp := appendStamp(nil, time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.FixedZone("", 3600)))
				out := l.appendLine(nil, st, []byte(line.text), line.mark, stamp)
				b.WriteString(strings.ReplaceAll(strings.ReplaceAll(string(out), "\x1b", "<ESC>"), "\xff", "<FF>"))
			}
		}
	}
	golden(t, "formats.golden", b.String())
}

// TestNoAllocations: nothing is allocated for a line.
func TestNoAllocations(t *testing.T) {
	line := []byte(strings.Repeat("x", 80) + "\x1b[1mé\x1b[0m")
	for _, l := range []layout{{}, {format: JSON}, {named: true, color: true, width: 10}} {
		st := &stream{source: &Source{service: "web", quoted: []byte(`"web"`)}}
		buf := make([]byte, 0, 1024)
		stamp := appendStamp(nil, time.Now())
		n := testing.AllocsPerRun(100, func() {
			buf = l.appendLine(buf[:0], st, line, whole, stamp)
		})
		if n != 0 {
			t.Errorf("%+v: %v allocations a line", l, n)
		}
	}
}
