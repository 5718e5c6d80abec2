package scenario

import (
	"strconv"
	"strings"
)

// The limits of a file: those of a text that people write, so that none is costly to read.
const (
	mostBytes = 256 << 10
	mostDepth = 8 // of brackets within each other
	mostParts = 8 // of a dotted key
)

// places finds the lines of the keys of a TOML text, which the library does not tell. It is a
// guess where the text is no TOML, which the library finds out.
type places struct {
	text  string
	pos   int
	line  int
	table string         // the path of the last header
	count map[string]int // of the headers in double brackets
	lines map[string]int // by path
	limit string         // what is too much of a text
	at    int            // where
}

func findPlaces(text string) *places {
	p := &places{text: text, line: 1, count: map[string]int{}, lines: map[string]int{}}
	for p.pos < len(text) && p.limit == "" {
		p.statement()
	}
	return p
}

// of returns the line of a path, or of the next table around it that is known.
func (p *places) of(path string) int {
	for {
		if line, ok := p.lines[path]; ok {
			return line
		}
		i := strings.LastIndexAny(path, ".[")
		if i < 0 {
			return 1
		}
		path = path[:i]
	}
}

// statement reads a header or a key with its value, to the end of its last line.
func (p *places) statement() {
	begin := p.line
	p.skip(" \t\r\n")
	if p.pos == len(p.text) {
		return
	}
	begin += strings.Count(p.text[:p.pos], "\n") - (begin - 1)
	p.line = begin
	if p.text[p.pos] == '[' {
		p.header()
	} else if key := p.until("=\n#"); key != "" {
		p.key(key)
	}
	p.value()
}

func (p *places) header() {
	text := p.until("\n#")
	name := strings.Trim(text, "[] \t\r")
	p.parts(name)
	if strings.HasPrefix(text, "[[") {
		p.count[name]++
		name += "[" + strconv.Itoa(p.count[name]) + "]"
	}
	p.table = name
	p.note(name)
}

func (p *places) key(key string) {
	key = strings.Trim(key, " \t\r\"'")
	p.parts(key)
	if p.table != "" {
		key = p.table + "." + key
	}
	p.note(key)
}

func (p *places) note(path string) {
	if _, known := p.lines[path]; !known {
		p.lines[path] = p.line
	}
}

func (p *places) parts(key string) {
	if strings.Count(key, ".") >= mostParts {
		p.tooMuch("a key of more than " + strconv.Itoa(mostParts) + " parts")
	}
}

func (p *places) tooMuch(what string) {
	if p.limit == "" {
		p.limit, p.at = what, p.line
	}
}

func (p *places) skip(set string) {
	for p.pos < len(p.text) && strings.IndexByte(set, p.text[p.pos]) >= 0 {
		p.pos++
	}
}

func (p *places) until(set string) string {
	rest := p.text[p.pos:]
	if i := strings.IndexAny(rest, set); i >= 0 {
		rest = rest[:i]
	}
	p.pos += len(rest)
	return rest
}

// value reads to the end of the line that ends a value: brackets and strings may go over
// several. Keys in braces count towards the limits, too.
func (p *places) value() {
	depth, dots := 0, 0
	for p.pos < len(p.text) {
		c := p.text[p.pos]
		switch c {
		case '\n':
			if depth == 0 {
				p.pos++
				return
			}
		case '#':
			p.until("\n")
			continue
		case '[', '{':
			if depth++; depth > mostDepth {
				p.tooMuch("brackets deeper than " + strconv.Itoa(mostDepth))
			}
		case ']', '}':
			depth--
		case '"', '\'':
			p.quoted(c)
			continue
		}
		switch {
		case c == '.':
			if dots++; dots >= mostParts && depth > 0 {
				p.tooMuch("a key of more than " + strconv.Itoa(mostParts) + " parts")
			}
		case strings.IndexByte(" \t\"',=", c) < 0:
		default:
			dots = 0
		}
		if p.limit != "" {
			return
		}
		p.pos++
	}
}

// quoted reads a string.
func (p *places) quoted(quote byte) {
	q := string(quote)
	if triple := q + q + q; strings.HasPrefix(p.text[p.pos:], triple) {
		q = triple
	}
	p.pos += len(q)
	for p.pos < len(p.text) {
		switch {
		case strings.HasPrefix(p.text[p.pos:], q):
			p.pos += len(q)
			return
		case p.text[p.pos] == '\\' && quote == '"':
			p.pos += 2
		case p.text[p.pos] == '\n' && len(q) == 1:
			return
		default:
			p.pos++
		}
	}
	p.pos = min(p.pos, len(p.text))
}
