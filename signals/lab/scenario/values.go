package scenario

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"supervise/signals"
)

// table is one table of the file.
type table struct {
	r      *reader
	path   string
	values map[string]any
}

func (t *table) at(key string) string {
	switch {
	case t.path == "":
		return key
	case key == "":
		return t.path
	}
	return t.path + "." + key
}

func (t *table) wrong(key, message, hint string) { t.r.wrong(t.at(key), message, hint) }

func (t *table) has(key string) bool {
	_, ok := t.values[key]
	return ok
}

// done complains about keys that are not known, and reports whether there are none.
func (t *table) done(what, where string, known ...string) bool {
	var others []string
	for key := range t.values {
		if !slices.Contains(known, key) {
			others = append(others, key)
		}
	}
	sort.Strings(others)
	for _, key := range others {
		message, hint := unknown(what, key, known)
		if where != "" {
			message += " in " + where
		}
		t.wrong(key, message, hint)
	}
	return len(others) == 0
}

// value returns a value of a type.
func value[T any](t *table, key, want string) (v T, ok bool) {
	any, there := t.values[key]
	if !there {
		return v, false
	}
	if v, ok = any.(T); !ok {
		t.wrong(key, "this is not "+want, "write "+key+" = "+examples[want])
	}
	return v, ok
}

var examples = map[string]string{
	"a text": `"..."`, "true or false": "true", "a number": "10", "a table": `{ NAME = "value" }`,
	"an array of tables": `[...], or better a table [[step]] for each`, "an array": `["..."]`,
}

func (t *table) text(key string) (string, bool) { return value[string](t, key, "a text") }

func (t *table) flag(key string) bool {
	yes, _ := value[bool](t, key, "true or false")
	return yes
}

func (t *table) number(key string, least, most int64) (int64, bool) {
	n, ok := value[int64](t, key, "a number")
	if ok && (n < least || n > most) {
		t.wrong(key, fmt.Sprintf("%d is out of range", n), fmt.Sprintf("write a number from %d to %d", least, most))
		return 0, false
	}
	return n, ok
}

func (t *table) duration(key string, most time.Duration) (time.Duration, bool) {
	text, ok := t.text(key)
	if !ok {
		return 0, false
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 || d > most {
		t.wrong(key, fmt.Sprintf("%q is no time above 0 and up to %s", text, most), `such as: "500ms", "5s", "2m"`)
		return 0, false
	}
	return d, true
}

func (t *table) table(key string) (*table, bool) {
	v, ok := value[map[string]any](t, key, "a table")
	return &table{t.r, t.at(key), v}, ok
}

// tables returns the tables of an array, numbered from 1.
func (t *table) tables(key string) (list []table) {
	some, isTables := t.values[key].([]map[string]any)
	if mixed, ok := t.values[key].([]any); ok { // an array in brackets
		isTables = true
		for _, v := range mixed {
			one, ok := v.(map[string]any)
			isTables = isTables && ok
			some = append(some, one)
		}
	}
	if !isTables {
		if t.has(key) {
			t.wrong(key, "this is not an array of tables", "write a table [["+key+"]] for each")
		}
		return nil
	}
	for i, v := range some {
		list = append(list, table{t.r, fmt.Sprintf("%s[%d]", t.at(key), i+1), v})
	}
	return list
}

// some returns the elements of an array, or a single value.
func (t *table) some(key string) []any {
	switch v := t.values[key].(type) {
	case nil:
		return nil
	case []any:
		return v
	default:
		return []any{v}
	}
}

// set reads names of signals.
func (t *table) set(key string) (set signals.Set) {
	for _, v := range t.some(key) {
		text, ok := v.(string)
		s, err := signals.Parse(text)
		switch {
		case !ok || err != nil:
			t.wrong(key, fmt.Sprintf("%v is no signal", v), `such as: ["USR1", "TERM"]`)
		case !s.Catchable():
			t.wrong(key, s.String()+" can be neither blocked nor ignored", "leave it out")
		default:
			set = set.With(s)
		}
	}
	return set
}

// patterns reads one or several patterns.
func (t *table) patterns(key string) (list []*Pattern) {
	for _, v := range t.some(key) {
		text, ok := v.(string)
		if !ok {
			t.wrong(key, fmt.Sprintf("%v is no pattern", v), "write it in 'quotes'")
			continue
		}
		p, err := compile(text)
		if err != nil {
			t.wrong(key, "this is no regular expression: "+strings.Replace(strings.TrimPrefix(err.Error(), "error parsing regexp: "), lines, "", 1), "see pkg.go.dev/regexp/syntax; in 'single quotes' a \\ is a \\")
			continue
		}
		list = append(list, p)
	}
	return list
}

// exits reads exit codes and signals.
func (t *table) exits(key string) (list []signals.Exit) {
	for _, v := range t.some(key) {
		switch v := v.(type) {
		case int64:
			if v >= 0 && v <= 255 {
				list = append(list, signals.Exit{Code: int(v)})
				continue
			}
		case string:
			if s, err := signals.Parse(v); err == nil {
				list = append(list, signals.Exit{Signal: s})
				continue
			}
		}
		t.wrong(key, fmt.Sprintf("%v is neither an exit code nor a signal", v), `such as: exit = 0, or exit = [0, "TERM"]`)
	}
	return list
}
