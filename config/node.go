package config

import (
	"strconv"
	"strings"
	"time"
)

// span is a piece of the text, in bytes from its beginning.
type span struct{ start, end int }

// kind is the kind of a node in TOML.
type kind uint8

const (
	scalar kind = iota
	array       // [ ... ]
	table       // [header], { inline }, or what a dotted key implies
	tables      // [[header]]; its children are tables
)

// node is one key or array element of a file, with its position and the value that the TOML
// library read there.
type node struct {
	name     string // of a key, without its quotes
	parent   *node  // nil at the root
	kind     kind
	key      span // the key where it first appears; of an element, the value
	val      span // the value; of a table with a header, its key
	value    any  // of a scalar
	broken   bool // a problem with the value has been reported
	children []*node
	position int // index among the children of an array, or of tables

	byName   map[string]*node // once there are many children
	explicit bool             // a table with a header or in braces
	pathLen  int              // length of the names from the root, with dots
}

// many is the number of children above which a map is faster than a loop.
const many = 8

// child returns the child with a name, nil if there is none.
func (n *node) child(name string) *node {
	if n.byName != nil {
		return n.byName[name]
	}
	for _, c := range n.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

func (n *node) add(c *node) *node {
	c.parent, c.position = n, len(n.children)
	c.pathLen = n.pathLen + len(c.name) + 1
	n.children = append(n.children, c)
	if n.kind != table {
		return c
	}
	if n.byName != nil {
		n.byName[c.name] = c
	} else if len(n.children) == many {
		n.byName = make(map[string]*node, 2*many)
		for _, c := range n.children {
			n.byName[c.name] = c
		}
	}
	return c
}

// inline reports whether n is a table in braces, to which nothing can be added later.
func (n *node) inline() bool { return n.kind == table && n.val != n.key }

// attach sets the value of every scalar below n. value is what the library made of the same
// text and has the same shape; otherwise a scalar would keep nil, which is a value that no
// key takes.
func (n *node) attach(value any) {
	switch v := value.(type) {
	case map[string]any:
		for _, c := range n.children {
			c.attach(v[c.name])
		}
	case []any:
		for i, c := range n.children[:min(len(v), len(n.children))] {
			c.attach(v[i])
		}
	case []map[string]any:
		for i, c := range n.children[:min(len(v), len(n.children))] {
			c.attach(v[i])
		}
	default:
		n.value = value
	}
}

// is says in words what n is.
func (n *node) is() string {
	switch n.kind {
	case array:
		return "an array"
	case table:
		return "a table"
	case tables:
		return "an array of tables"
	case scalar:
	}
	switch n.value.(type) {
	case string:
		return "a string"
	case int64:
		return "an integer"
	case float64:
		return "a float"
	case bool:
		return "a boolean"
	case time.Time:
		return "a date or time"
	}
	return "nothing known"
}

// path returns the position of n as a dotted key of TOML: service.web.stop.ladder[1].signal.
// That of the root is "".
func (n *node) path() string {
	if n.parent == nil {
		return ""
	}
	above := n.parent.path()
	switch {
	case n.parent.kind == array || n.parent.kind == tables:
		return above + "[" + strconv.Itoa(n.position) + "]"
	case above == "":
		return keyText(n.name)
	}
	return above + "." + keyText(n.name)
}

// keyText writes a key as TOML requires: in quotes if it has characters other than letters,
// digits, - and _.
func keyText(name string) string {
	bare := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_'
	}
	if name != "" && strings.TrimFunc(name, bare) == "" {
		return name
	}
	return strconv.Quote(name)
}
