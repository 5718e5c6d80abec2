package text

import (
	"slices"
	"strings"
	"testing"
)

func samples() []string {
	return []string{"", "a", "=", "a=b", "a=b=c", "=b", "a=", "  a b\t\n", " \t ", "SIGterm", "x\x00y", "x\x00", "\v\fx\r\x1f", "\x7fz"}
}

// Each function does what its model in package strings does, on ASCII.
func TestAsStrings(t *testing.T) {
	for _, s := range samples() {
		before, after, found := Cut(s, '=')
		if b, a, f := strings.Cut(s, "="); before != b || after != a || found != f {
			t.Errorf("Cut(%q) = %q, %q, %v, want %q, %q, %v", s, before, after, found, b, a, f)
		}
		rest, found := CutPrefix(s, "SIG")
		if r, f := strings.CutPrefix(s, "SIG"); rest != r || found != f {
			t.Errorf("CutPrefix(%q) = %q, %v, want %q, %v", s, rest, found, r, f)
		}
		if got, want := slices.Collect(Split(s, '=')), strings.Split(s, "="); !slices.Equal(got, want) {
			t.Errorf("Split(%q) = %q, want %q", s, got, want)
		}
		if got, want := Upper(s), strings.ToUpper(s); got != want {
			t.Errorf("Upper(%q) = %q, want %q", s, got, want)
		}
		if got, want := Trim(s), strings.TrimSpace(s); got != want {
			t.Errorf("Trim(%q) = %q, want %q", s, got, want)
		}
	}
	for part := range Split("a:b:c", ':') {
		if part != "a" {
			t.Error("Split goes on after its caller has stopped")
		}
		break
	}
}
