package json

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

type part struct {
	Text string `json:"text"`
}

type whole struct {
	Name  string  `json:"name"`
	N     int64   `json:"n"`
	U     uint64  `json:"u"`
	B     bool    `json:"b"`
	Parts []part  `json:"parts"`
	None  *part   `json:"none"`
	Other [][]any `json:"other,omitempty"`
}

// read reads a whole by a [Reader].
func read(text string) (w whole, ok bool) {
	r := NewReader(text)
	for name := range r.Members() {
		switch name {
		case "name":
			w.Name = r.String()
		case "n":
			w.N = r.Int()
		case "u":
			w.U = r.Uint()
		case "b":
			w.B = r.Bool()
		case "parts":
			for range r.Elements() {
				var p part
				for range r.Members() {
					p.Text = r.String()
				}
				w.Parts = append(w.Parts, p)
			}
		case "none":
			if !r.Null() {
				r.Skip()
			}
		default:
			r.Skip()
		}
	}
	return w, r.OK()
}

// TestReader reads what encoding/json writes, and texts that are no such JSON.
func TestReader(t *testing.T) {
	for _, want := range []whole{
		{},
		{Name: `a "quoted" \ text, übung {[:,`, N: -12, U: 1<<64 - 1, B: true, Parts: []part{{"x"}, {""}, {`"`}}},
		{Parts: []part{}, None: &part{"y"}, Other: [][]any{{}, {1, -2.0, "z", nil, true, map[string]int{"a": 1, "b": 2}}}},
	} {
		if want.Parts == nil {
			want.Parts = []part{}
		}
		for _, write := range []func() ([]byte, error){
			func() ([]byte, error) { return json.Marshal(want) },
			func() ([]byte, error) { return json.MarshalIndent(want, "", "\t") },
		} {
			text, err := write()
			if err != nil {
				t.Fatal(err)
			}
			got, ok := read(string(text))
			if !ok || got.Name != want.Name || got.N != want.N || got.U != want.U || got.B != want.B || len(got.Parts) != len(want.Parts) {
				t.Fatalf("%s: %+v, %v", text, got, ok)
			}
			for i := range got.Parts {
				if got.Parts[i] != want.Parts[i] {
					t.Errorf("%s: %+v", text, got)
				}
			}
		}
	}
	for _, text := range []string{
		``, `{`, `[]`, `{"name"}`, `{"name":}`, `{"name":1}`, `{"name":"a\x"}`, `{"name":"a`, `{"name":"\`, `{"name":"\"}`, `{"name":"\u12"}`, `{"name":"\u12x4"}`, `{"name":"\u+123"}`, `{"name":"a",}`, `{,}`,
		`{"name":"a" "n":1}`, `{"n":1.5}`, `{"n":"1"}`, `{"n":}`, `{"u":-1}`, `{"b":yes}`, `{"b":1}`, `{"parts":[}`, `{"parts":[{},]}`,
		`{"none":nil}`, `{"other":[[}`, `{"x":}`, `{"n":99999999999999999999}`,
	} {
		if got, ok := read(text); ok {
			t.Errorf("%s is read as %+v", text, got)
		}
	}
}

// TestString writes texts as encoding/json does, and reads them, with escapes for HTML too.
// What encoding/json leaves alone and a terminal does not is for package escape to test.
func TestString(t *testing.T) {
	for _, text := range []string{
		"", "plain", `"q" \ /`, "\b\f\n\r\t\x00\x1f", "übung €", "𝄞", "<a>&", "\u2028\u2029\ufffd", "\xffx\xc3", "\xed\xa0\x80",
	} {
		for _, html := range []bool{false, true} {
			var out bytes.Buffer
			encoder := json.NewEncoder(&out)
			encoder.SetEscapeHTML(html)
			if err := encoder.Encode(text); err != nil {
				t.Fatal(err)
			}
			want := strings.TrimSuffix(out.String(), "\n")
			w := NewWriter(nil)
			w.String(text)
			if got := string(w.Text()); !html && got != want {
				t.Errorf("%q is written as %s, want %s", text, got, want)
			}
			r := NewReader(want)
			if got := r.String(); got != strings.ToValidUTF8(text, "\ufffd") && text != "\xed\xa0\x80" || !r.OK() {
				t.Errorf("%s is read as %q, %v", want, got, r.OK())
			}
		}
	}
}

// TestWriter writes every kind of member.
func TestWriter(t *testing.T) {
	w := NewWriter([]byte("x"))
	w.Open()
	w.Member("s").String("a")
	w.Member("i").Int(-1)
	w.Member("u").Uint(1<<64 - 1)
	w.Member("b").Bool(true)
	w.Member("n").Null()
	w.Member("t").Time(1)
	w.Member("o").Open()
	w.Member("e").Open()
	w.Close()
	w.Close()
	w.Close()
	const want = `x{"s":"a","i":-1,"u":18446744073709551615,"b":true,"n":null,"t":"1970-01-01T00:00:00.000000001Z","o":{"e":{}}}`
	if got := string(w.Text()); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// FuzzString reads the strings that encoding/json reads, as it does.
func FuzzString(f *testing.F) {
	f.Add(`"a\u00fc\ud834\udd1e\ud834\/\n"`)
	f.Fuzz(func(t *testing.T, text string) {
		var want string
		if err := json.Unmarshal([]byte(text), &want); err != nil || !utf8.ValidString(text) {
			return
		}
		r := NewReader(text)
		if got := r.String(); text != "null" && (got != want || !r.OK()) {
			t.Errorf("%s is %q, %v, want %q", text, got, r.OK(), want)
		}
	})
}

// FuzzReader holds that every text is read to an end, and that a number is the same as
// encoding/json reads.
func FuzzReader(f *testing.F) {
	f.Add(`{"name":"x","n":-1,"u":2,"b":true,"parts":[{"text":"y"}],"none":null}`)
	f.Add("7")
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = read(text)
		r := NewReader(text)
		got := r.Int()
		var want int64
		if err := json.Unmarshal([]byte(text), &want); err == nil && r.OK() && got != want {
			t.Errorf("%q is %d, want %d", text, got, want)
		}
	})
}
