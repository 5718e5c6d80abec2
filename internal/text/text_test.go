package text

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
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
	for _, a := range samples() {
		for _, b := range append(samples(), Upper(a)) {
			if got, want := EqualFold(a, b), strings.EqualFold(a, b); got != want {
				t.Errorf("EqualFold(%q, %q) = %v", a, b, got)
			}
		}
	}
	for part := range Split("a:b:c", ':') {
		if part != "a" {
			t.Error("Split goes on after its caller has stopped")
		}
		break
	}
}

// TestUint does what package strconv does, up to a limit.
func TestUint(t *testing.T) {
	const largest = 1<<64 - 1
	for _, given := range []string{"", "0", "7", "007", "+7", "-0", " 7", "7 ", "1_0", "x", "64", "65", "255", "256", "18446744073709551615", "18446744073709551616", "99999999999999999999"} {
		for _, most := range []uint64{0, 3, 64, 255, 256, largest} {
			got, ok := Uint(given, most)
			n, err := strconv.ParseUint(given, 10, 64)
			want := err == nil && n <= most
			if ok != want || ok && got != n {
				t.Errorf("Uint(%q, %d) = %d, %v, want %d, %v", given, most, got, ok, n, want)
			}
		}
	}
}

func TestAsOthers(t *testing.T) {
	for _, s := range samples() {
		rest, found := CutSuffix(s, "b")
		if r, f := strings.CutSuffix(s, "b"); rest != r || found != f || HasPrefix(s, "SIG") != strings.HasPrefix(s, "SIG") {
			t.Errorf("CutSuffix(%q) = %q, %v, want %q, %v", s, rest, found, r, f)
		}
		for _, part := range append(samples(), "gt", "term", "b\t") {
			if got, want := Index(s, part), strings.Index(s, part); got != want || Contains(s, part) != (want >= 0) {
				t.Errorf("Index(%q, %q) = %d, want %d", s, part, got, want)
			}
			if got, want := IndexAny(s, part), strings.IndexAny(s, part); got != want {
				t.Errorf("IndexAny(%q, %q) = %d, want %d", s, part, got, want)
			}
			if got, want := EqualFold(s, part), strings.EqualFold(s, part); got != want {
				t.Errorf("EqualFold(%q, %q) = %v, want %v", s, part, got, want)
			}
		}
		if got, want := LastIndexByte(s, '='), strings.LastIndexByte(s, '='); got != want || IndexByte(s, '=') != strings.IndexByte(s, '=') {
			t.Errorf("LastIndexByte(%q) = %d, want %d", s, got, want)
		}
		if got, want := TrimRight(s, 'b'), strings.TrimRight(s, "b"); got != want {
			t.Errorf("TrimRight(%q) = %q, want %q", s, got, want)
		}
		if got, want := Hex([]byte(s)), hex.EncodeToString([]byte(s)); got != want {
			t.Errorf("Hex(%q) = %q, want %q", s, got, want)
		}
		if got, want := Number(uint64(len(s))<<60), fmt.Sprintf("%#x", uint64(len(s))<<60); got != want {
			t.Errorf("Number = %q, want %q", got, want)
		}
	}
	if got, want := Join(samples(), ", "), strings.Join(samples(), ", "); got != want {
		t.Errorf("Join = %q, want %q", got, want)
	}
	if !EqualFold("kIb", "KiB") {
		t.Error("EqualFold minds case")
	}
}

// TestBuffer adds what package strconv writes, as long as there is room.
func TestBuffer(t *testing.T) {
	b := NewBuffer(make([]byte, 64))
	for _, n := range []int64{0, 1, -1, 9, 10, 123456789, 1<<63 - 1, -1 << 63} {
		b.Cut(0)
		if b.AddInt(n); string(b.Bytes()) != strconv.FormatInt(n, 10) {
			t.Errorf("%d is %s", n, b.Bytes())
		}
	}
	b.Cut(0)
	b.AddUint(7, 2)
	b.AddUint(1<<64-1, 1)
	b.Pad(25)
	b.Pad(3)
	begin := b.Len()
	b.Add("end")
	if got := string(b.Bytes()); got != "0718446744073709551615   end" || b.Since(begin) != "end" || b.Full() {
		t.Errorf("%q, %q", got, b.Since(begin))
	}
	for _, add := range []func(b *Buffer){
		func(b *Buffer) { b.Add("xxxx") },
		func(b *Buffer) { b.AddByte('x'); b.Add("xx"); b.AddByte('x') },
		func(b *Buffer) { b.AddInt(-100) },
		func(b *Buffer) { b.Pad(4) },
	} {
		if b := NewBuffer(make([]byte, 3)); !b.Full() {
			if add(&b); !b.Full() || b.Len() > 3 {
				t.Errorf("%q is not full", b.Bytes())
			}
		}
	}
}
