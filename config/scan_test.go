package config

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
)

// places lists each node of a text with what stands at its key and at its value.
func places(text string, n *node) []string {
	var list []string
	for _, c := range n.children {
		list = append(list, c.path()+" "+text[c.key.start:c.key.end]+" "+text[c.val.start:c.val.end])
		list = append(list, places(text, c)...)
	}
	return list
}

func TestScanPlaces(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"a=1", "a a 1"},
		{"a = 1 # c\n\tb\t=\t2\t\n", "a a 1|b b 2"},
		{"\"a b\" = 'x'", `"a b" "a b" 'x'`},
		{`"\u0061\t\"" = 1`, `"a\t\"" "\u0061\t\"" 1`},
		{`'\u0061' = 1`, `"\\u0061" '\u0061' 1`},
		{"a.b . c = 1", "a a a|a.b b b|a.b.c c 1"},
		{"[t]\na=1\n[t.u]\nb=2\n[v]\n", "t t t|t.a a 1|t.u u u|t.u.b b 2|v v v"},
		{"[ t . u ]\n[t]\na=1", "t t t|t.u u u|t.a a 1"},
		{"[[t]]\na=1\n[t.u]\nb=1\n[[t]]\na=2\n[t.u]\nb=2", "t t t|t[0] t t|t[0].a a 1|t[0].u u u|t[0].u.b b 1|t[1] t t|t[1].a a 2|t[1].u u u|t[1].u.b b 2"},
		{"a = [ 1 , [2,3,],\n # c ]\n {b=1, c.d = [4]} ]", "a a [ 1 , [2,3,],\n # c ]\n {b=1, c.d = [4]} ]|a[0] 1 1|a[1] [2,3,] [2,3,]|a[1][0] 2 2|a[1][1] 3 3|" +
			"a[2] {b=1, c.d = [4]} {b=1, c.d = [4]}|a[2].b b 1|a[2].c c c|a[2].c.d d [4]|a[2].c.d[0] 4 4"},
		{"a = {\n b = 1, # }\n c = 2,\n}", "a a {\n b = 1, # }\n c = 2,\n}|a.b b 1|a.c c 2"},
		{"a = [ 1979-05-27 07:32:00 , true ]", "a a [ 1979-05-27 07:32:00 , true ]|a[0] 1979-05-27 07:32:00 1979-05-27 07:32:00|a[1] true true"},
		{`a = "x # \" ]" # "`, `a a "x # \" ]"`},
		{`a = '\'`, `a a '\'`},
		{"a = \"\"\"\nx\"y\"\"z\\\"\"\"\"\"\"\nb = 1", "a a \"\"\"\nx\"y\"\"z\\\"\"\"\"\"\"|b b 1"},
		{"a = '''x''y'''''\nb=1", "a a '''x''y'''''|b b 1"},
		{"a = \"\"\"\"\"\"\nb = ''\nc = \"\"", "a a \"\"\"\"\"\"|b b ''|c c \"\""},
		{"a = 1\r\nb = '''\r\n'''\r\n", "a a 1|b b '''\r\n'''"},
	} {
		s := scan(test.text)
		checkAgainstLibrary(t, test.text)
		if got := strings.Join(places(test.text, s.root), "|"); got != test.want || s.pos != len(test.text) {
			t.Errorf("scan(%q):\n got %s\nwant %s", test.text, got, test.want)
		}
	}
}

func TestScanManyKeys(t *testing.T) {
	var b strings.Builder
	for i := range 3 * many {
		b.WriteString("k" + strconv.Itoa(i) + " = " + strconv.Itoa(i) + "\n")
	}
	s := scan(b.String())
	for i := range 3 * many {
		if n := s.root.child("k" + strconv.Itoa(i)); n == nil || n.position != i {
			t.Errorf("key %d: %v", i, n)
		}
	}
	if s.root.child("none") != nil {
		t.Error("there is a key that is not in the text")
	}
	checkAgainstLibrary(t, b.String())
}

// checkAgainstLibrary checks that the scanner reads to the end whatever the library
// reads, that every key which the library reports has a place, that every value has a
// node, and that what stands at its place is that value.
func checkAgainstLibrary(t *testing.T, text string) {
	t.Helper()
	s := scan(text)
	if s.refused != nil {
		return
	}
	values := map[string]any{}
	meta, err := decodeAll(text, &values)
	if err != nil || len(s.repeats) > 0 {
		return
	}
	if s.pos != len(text) {
		t.Fatalf("the scanner stopped at %q of %q", text[s.pos:], text)
	}
	s.root.attach(values)
	for _, key := range meta.Keys() {
		if !located([]*node{s.root}, key) {
			t.Errorf("no place for %v of %q", key, text)
		}
	}
	if got, want := count(s.root), countValues(values); got != want {
		t.Errorf("%d nodes for the %d values of %q", got, want, text)
	}
	checkNode(t, text, s.root)
}

func decodeAll(text string, values *map[string]any) (meta toml.MetaData, err error) {
	err = decodeTOML(text, values)
	if err == nil {
		meta, err = toml.Decode(text, &map[string]any{})
	}
	return meta, err
}

// located looks for a path, which does not tell the elements of arrays apart.
func located(from []*node, path []string) bool {
	if len(path) == 0 {
		return true
	}
	for _, n := range from {
		if n.kind == array || n.kind == tables {
			if located(n.children, path) {
				return true
			}
		} else if c := n.child(path[0]); c != nil && located([]*node{c}, path[1:]) {
			return true
		}
	}
	return false
}

func count(n *node) int {
	sum := 1
	for _, c := range n.children {
		sum += count(c)
	}
	return sum
}

func countValues(value any) int {
	sum := 1
	switch v := value.(type) {
	case map[string]any:
		for _, c := range v {
			sum += countValues(c)
		}
	case []any:
		for _, c := range v {
			sum += countValues(c)
		}
	case []map[string]any:
		for _, c := range v {
			sum += countValues(c)
		}
	}
	return sum
}

func checkNode(t *testing.T, text string, n *node) {
	t.Helper()
	raw := text[n.val.start:n.val.end]
	good := true
	switch v := n.value.(type) {
	case string:
		good = raw[0] == '"' || raw[0] == '\''
	case int64:
		number, err := strconv.ParseInt(raw, 0, 64)
		good = err == nil && number == v
	case float64:
		number, err := strconv.ParseFloat(strings.ReplaceAll(raw, "_", ""), 64)
		good = err == nil && (number == v || v != v) || strings.HasSuffix(raw, "nan")
	case bool:
		good = raw == strconv.FormatBool(v)
	case time.Time:
		good = strings.ContainsAny(raw, "-:")
	case nil:
		good = n.kind != scalar
	}
	if !good {
		t.Errorf("%s is %#v, but at its place stands %q, in %q", n.path(), n.value, raw, text)
	}
	for _, c := range n.children {
		if c.name != "" && !strings.ContainsAny(text[c.key.start:c.key.end], `"'`) && text[c.key.start:c.key.end] != c.name {
			t.Errorf("at the place of the key %q stands %q", c.name, text[c.key.start:c.key.end])
		}
		checkNode(t, text, c)
	}
}

func FuzzScan(f *testing.F) {
	for _, text := range append(seeds(f), syntaxSeeds()...) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if decoded, wrong := decode([]byte(text)); wrong == nil {
			checkAgainstLibrary(t, decoded)
		}
	})
}
