package config

// The TOML library returns the order of keys, and the position of its own error. It does not
// return the positions of keys and values, nor the order within inline tables and arrays. The
// scanner finds that out: it reads a text into a tree of nodes with positions, and leaves it
// to the library whether the text is TOML at all and what the values are. So it accepts
// everything that the library does and much that it does not; where it cannot go on, it
// stops.
//
// It runs before the library, and protects it from the few texts that would cost it more than
// a large file should: the library recurses for each level of nesting, and keeps the full
// path of each key in memory.
type scanner struct {
	text    string
	pos     int
	current *node // the table of the last header
	depth   int
	cost    int // of the paths that the library will make, in bytes
	root    *node
	repeats []repeat
	block   *int     // index of the repeat that is a header, until the next header
	refused *finding // why the library must not get the text

	// Where the scanner stopped within quotes or brackets: the first character of the string,
	// and of the outermost brackets.
	inString, inBrackets *span
}

// The limits. A valid file has at most five levels, and paths that cost less than ten bytes
// for each byte of text; 4 MiB of text may cost 16 times that.
const (
	maxDepth = 16
	maxParts = 256
	maxCost  = 64 << 20
)

// repeat is a duplicate key or header.
type repeat struct {
	node  *node // the first one
	again span

	// all is what must be removed for the rest to be valid: the key with its value, or the
	// header with everything up to the next one. It is empty for a key in braces.
	all span
}

// part is one part of a dotted key.
type part struct {
	name string
	at   span
}

// scan reads a text as far as it can.
func scan(text string) *scanner {
	s := &scanner{text: text, root: &node{kind: table}}
	s.current = s.root
	for s.skipLines() && s.refused == nil {
		if !s.statement() {
			break
		}
	}
	s.endBlock(s.pos)
	return s
}

// endBlock ends the block of the last header.
func (s *scanner) endBlock(end int) {
	if s.block != nil {
		s.repeats[*s.block].all.end = end
		s.block = nil
	}
}

// statement reads a header or a key with its value, up to the end of the line.
func (s *scanner) statement() bool {
	if s.peek() == '[' {
		s.endBlock(s.pos)
	}
	switch {
	case s.take("[["):
		if !s.header(true) || !s.take("]]") {
			return false
		}
	case s.take("["):
		if !s.header(false) || !s.take("]") {
			return false
		}
	default:
		if !s.assignment(s.current) {
			return false
		}
	}
	s.skipBlanks()
	switch s.peek() {
	case '#', '\n', '\r':
		return true
	}
	return s.pos == len(s.text)
}

// header reads the text between the brackets, and makes that the current table.
func (s *scanner) header(element bool) bool {
	start := s.pos - 1
	if element {
		start--
	}
	parts, ok := s.parts()
	if !ok || !s.pay(s.root, parts) {
		return false
	}
	last := parts[len(parts)-1]
	parent, clash := s.descend(s.root, parts[:len(parts)-1])
	want := table
	if element {
		want = tables
	}
	var n *node
	if clash == nil {
		n = parent.child(last.name)
		if n == nil {
			n = parent.add(&node{name: last.name, key: last.at, val: last.at, kind: want})
		} else if n.kind != want || n.inline() || n.explicit && !element {
			clash = &repeat{node: n, again: last.at}
		}
	}
	if clash != nil {
		clash.all.start = start
		block := len(s.repeats)
		s.block, s.repeats = &block, append(s.repeats, *clash)
		s.current = &node{name: clash.node.name, parent: clash.node.parent, pathLen: clash.node.pathLen, kind: table}
		return true
	}
	if !n.explicit { // until now implied by the header of a table in it
		n.explicit, n.key, n.val = true, last.at, last.at
	}
	s.current = n
	if element {
		s.current = n.add(&node{key: last.at, val: last.at, kind: table})
	}
	return true
}

// descend goes down from a table by the given names, and makes missing tables. It fails at a
// value to which nothing can be added.
func (s *scanner) descend(n *node, parts []part) (*node, *repeat) {
	for _, p := range parts {
		next := n.child(p.name)
		if next == nil {
			next = n.add(&node{name: p.name, key: p.at, val: p.at, kind: table})
		}
		if next.kind == tables {
			next = next.children[len(next.children)-1]
		}
		if next.kind != table || next.inline() {
			return nil, &repeat{node: next, again: p.at}
		}
		n = next
	}
	return n, nil
}

// assignment reads a key with its value into a table.
func (s *scanner) assignment(into *node) bool {
	parts, ok := s.parts()
	if !ok || !s.pay(into, parts) || !s.take("=") {
		return false
	}
	last := parts[len(parts)-1]
	n := &node{name: last.name, key: last.at}
	parent, clash := s.descend(into, parts[:len(parts)-1])
	if clash == nil {
		if first := parent.child(last.name); first != nil {
			clash = &repeat{node: first, again: last.at}
		} else {
			parent.add(n)
		}
	}
	if clash == nil {
		return s.value(n)
	}
	n.parent, n.pathLen = clash.node.parent, clash.node.pathLen // it stays outside the tree
	index := len(s.repeats)
	s.repeats = append(s.repeats, *clash)
	ok = s.value(n)
	if s.depth == 0 {
		s.repeats[index].all = span{parts[0].at.start, s.pos}
	}
	return ok
}

// pay counts what the paths of a key below a table will cost the library, which keeps one for
// each part.
func (s *scanner) pay(under *node, parts []part) bool {
	end := parts[len(parts)-1].at.end
	s.cost += len(parts) * (under.pathLen + end - parts[0].at.start)
	if s.cost > maxCost {
		s.refuse(parts[0].at, "the keys of this file are too long", "")
	}
	return s.refused == nil
}

func (s *scanner) refuse(at span, message, hint string) {
	if s.refused == nil {
		s.refused = &finding{at: at, message: message, hint: hint}
	}
}

// parts reads a dotted key and the blanks around it.
func (s *scanner) parts() ([]part, bool) {
	var parts []part
	for {
		s.skipBlanks()
		p, ok := s.part()
		if !ok {
			return nil, false
		}
		if parts = append(parts, p); len(parts) > maxParts {
			s.refuse(parts[0].at, "the key has too many parts", "the longest have five, like service.web.signals.queue.limit")
			return nil, false
		}
		s.skipBlanks()
		if !s.take(".") {
			return parts, true
		}
	}
}

// value reads a value, and completes n, which has the key.
func (s *scanner) value(n *node) bool {
	s.skipBlanks()
	start, ok := s.pos, false
	switch s.peek() {
	case '[':
		n.kind = array
		ok = s.nested(n, (*scanner).elements)
	case '{':
		n.kind, n.explicit = table, true
		ok = s.nested(n, (*scanner).pairs)
	case '"', '\'':
		ok = s.str()
	default:
		ok = s.word()
	}
	n.val = span{start, s.pos}
	return ok
}

// nested reads the text in brackets, unless the nesting is too deep.
func (s *scanner) nested(n *node, read func(*scanner, *node) bool) bool {
	s.depth++
	defer func() { s.depth-- }()
	s.cost += n.pathLen
	if s.depth > maxDepth || s.cost > maxCost {
		s.refuse(span{s.pos, s.pos + 1}, "too many brackets inside brackets", "no value needs more than a few")
		return false
	}
	start := s.pos
	s.pos++
	ok := read(s, n)
	if !ok {
		s.inBrackets = &span{start, start + 1}
	}
	return ok
}

func (s *scanner) elements(n *node) bool {
	for s.skipLines() {
		if s.take("]") {
			return true
		}
		element := n.add(&node{})
		if !s.value(element) {
			return false
		}
		element.key = element.val
		if s.skipLines() && !s.take(",") && s.peek() != ']' {
			return false
		}
	}
	return false
}

func (s *scanner) pairs(n *node) bool {
	for s.skipLines() {
		if s.take("}") {
			return true
		}
		if !s.assignment(n) {
			return false
		}
		if s.skipLines() && !s.take(",") && s.peek() != '}' {
			return false
		}
	}
	return false
}
