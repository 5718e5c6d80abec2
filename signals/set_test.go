package signals_test

import (
	"slices"
	"testing"

	"supervise/signals"
)

func TestSet(t *testing.T) {
	tests := []struct {
		members []signals.Signal
		mask    string
		text    string
	}{
		{nil, "0000000000000000", "none"},
		{[]signals.Signal{signals.SIGHUP}, "0000000000000001", "SIGHUP"},
		{[]signals.Signal{signals.SIGHUP, signals.SIGTERM}, "0000000000004001", "SIGHUP SIGTERM"},
		{[]signals.Signal{32, 33, signals.SIGRTMIN}, "0000000380000000", "SIG32 SIG33 SIGRTMIN"},
		{[]signals.Signal{signals.SIGRTMAX}, "8000000000000000", "SIGRTMAX"},
	}
	for _, test := range tests {
		set := signals.SetOf(test.members...)
		if set.Mask() != test.mask || set.String() != test.text || set.Len() != len(test.members) {
			t.Errorf("%v: mask %s, text %q, length %d", test.members, set.Mask(), set, set.Len())
		}
		if got := slices.Collect(set.All()); !slices.Equal(got, test.members) {
			t.Errorf("All of %v yields %v", test.members, got)
		}
		if back, err := signals.ParseMask(test.mask); back != set || err != nil {
			t.Errorf("ParseMask(%s) = %v, %v", test.mask, back, err)
		}
	}
}

func TestSetOneByOne(t *testing.T) {
	var set signals.Set
	for s := signals.Signal(1); s <= signals.Max; s++ {
		if set.Has(s) {
			t.Errorf("%v is in the set before it was put there", s)
		}
		set = set.With(s)
		if !set.Has(s) || set.Len() != int(s) {
			t.Errorf("with %v: has it %v, length %d", s, set.Has(s), set.Len())
		}
		if uint64(set)>>(s-1) != 1 {
			t.Errorf("%v is not bit %d of %x", s, s-1, uint64(set))
		}
	}
	if set != signals.Full || set.String() != "all" || set.Len() != 64 {
		t.Errorf("all together are %v (%s), length %d", set, set.Mask(), set.Len())
	}
	for s := signals.Signal(1); s <= signals.Max; s++ {
		if set = set.Without(s); set.Has(s) || set.Len() != 64-int(s) {
			t.Errorf("without %v: has it %v, length %d", s, set.Has(s), set.Len())
		}
	}
}

// TestSetOfNoSignals makes sure that a number that is no signal can neither be put into a
// set nor disturb it: shifts by it would wrap.
func TestSetOfNoSignals(t *testing.T) {
	for _, n := range []signals.Signal{0, 65, 66, 128, 129, 255} {
		if signals.Full.Has(n) {
			t.Errorf("the full set has %d", int(n))
		}
		if set := signals.SetOf(n); set != 0 {
			t.Errorf("the set of %d is %v", int(n), set)
		}
		if set := signals.Full.Without(n); set != signals.Full {
			t.Errorf("without %d the full set is %v", int(n), set)
		}
	}
}

func TestSetAllStops(t *testing.T) {
	for s := range signals.Full.All() {
		if s == signals.SIGQUIT {
			break
		}
		if s > signals.SIGQUIT {
			t.Fatalf("%v after the loop was left", s)
		}
	}
}

func TestFaults(t *testing.T) {
	want := "SIGILL SIGTRAP SIGBUS SIGFPE SIGSEGV SIGSYS"
	if got := signals.Faults.String(); got != want {
		t.Errorf("faults are %s, want %s", got, want)
	}
}

func TestParseMaskErrors(t *testing.T) {
	for _, text := range []string{"", " ", "g", "0x01", "-1", "+1", "1_0", "10000000000000000", "00000000000000001 ", "\n"} {
		if set, err := signals.ParseMask(text); set != 0 || err == nil {
			t.Errorf("ParseMask(%q) = %v, %v, want an error", text, set, err)
		}
	}
	_, err := signals.ParseMask("zz\n")
	if want := `signal mask "zz\n" is not a 64-bit hexadecimal number`; err == nil || err.Error() != want {
		t.Errorf("the error is %v, want %s", err, want)
	}
}

func FuzzParseMask(f *testing.F) {
	for _, seed := range []string{"0000000000000000", "ffffffffffffffff", "0000000180004002", "", "1", "-1", "FFFFFFFE7FFBFEFF"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		set, err := signals.ParseMask(text)
		if err != nil {
			if set != 0 {
				t.Fatalf("ParseMask(%q) = %v and %v", text, set, err)
			}
			return
		}
		mask := set.Mask()
		if len(mask) != 16 {
			t.Fatalf("Mask of %q is %q", text, mask)
		}
		if back, err := signals.ParseMask(mask); back != set || err != nil {
			t.Fatalf("ParseMask(%q) = %v, %v, want %v", mask, back, err, set)
		}
		if again := signals.SetOf(slices.Collect(set.All())...); again != set {
			t.Fatalf("the members of %v make %v", set, again)
		}
	})
}
