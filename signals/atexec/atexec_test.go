package atexec

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"supervise/coredump"
	"supervise/signals"
)

func TestParseSet(t *testing.T) {
	for text, want := range map[string]signals.Set{
		"TERM":            signals.SetOf(signals.SIGTERM),
		"term, 2,RTMIN+1": signals.SetOf(signals.SIGTERM, signals.SIGINT, 35),
		"all":             signals.Full.Without(signals.SIGKILL).Without(signals.SIGSTOP),
		"32,33":           signals.SetOf(32, 33),
	} {
		if got, err := ParseSet(text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "TERM,", "KILL", "TERM,STOP", "65", "0", "TERMM"} {
		if got, err := ParseSet(text); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestParseLimit(t *testing.T) {
	text := func(l *Limit) string {
		half := func(n *uint64) string {
			if n == nil {
				return "-"
			}
			return limitText(*n)
		}
		return half(l.Soft) + " " + half(l.Hard)
	}
	for given, want := range map[string]string{
		"3": "3 3", "3:": "3 -", ":3": "- 3", "3:4": "3 4", "unlimited": "unlimited unlimited", "0:unlimited": "0 unlimited",
	} {
		if got, err := ParseLimit(given, ParseCount); err != nil || text(got) != want {
			t.Errorf("%q: %v, want %s", given, err, want)
		}
	}
	for _, given := range []string{"", ":", "4:3", "-1", "x", "1:2:3", "18446744073709551615"} {
		if got, err := ParseLimit(given, ParseCount); err == nil {
			t.Errorf("%q: %v", given, text(got))
		}
	}
	if got, err := ParseLimit("1MB:", coredump.ParseLimit); err != nil || *got.Soft != 1000000 || got.Hard != nil {
		t.Error(got, err)
	}
}

func TestChange(t *testing.T) {
	term, hup := signals.SetOf(signals.SIGTERM), signals.SetOf(signals.SIGHUP)
	all := signals.Full
	for name, test := range map[string]struct {
		c             Change
		mask, ignored signals.Set
	}{
		"nothing": {Change{}, hup, term},
		"reset":   {Change{Reset: true}, 0, 0},
		"more":    {Change{Block: term, Ignore: hup}, hup | term, hup | term},
		"less":    {Change{Unblock: all, Default: all}, 0, 0},
		"both":    {Change{Reset: true, Block: term, Ignore: term}, term, term},
	} {
		mask, ignored := test.c.Apply(hup, term)
		if mask != test.mask || ignored != test.ignored {
			t.Errorf("%s: %v, %v", name, mask, ignored)
		}
	}
	if mask, ignored := (&Change{Block: all, Ignore: all}).Apply(0, 0); (mask | ignored).Has(signals.SIGKILL) || (mask | ignored).Has(signals.SIGSTOP) {
		t.Error(mask, ignored)
	}
	for _, c := range []Change{{Block: term, Unblock: all}, {Ignore: term, Default: term}, {NewGroup: true, NewSession: true}} {
		var conflict *ConflictError
		if err := c.Check(); !errors.As(err, &conflict) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if err := (&Change{Block: term, Unblock: hup, Ignore: term, Default: hup}).Check(); err != nil {
		t.Error(err)
	}
}

func TestDumpable(t *testing.T) {
	if os.Getuid() != os.Geteuid() {
		t.Skip("the ids differ")
	}
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Dumpable(plain); err != nil {
		t.Error(err)
	}
	if err := Dumpable(plain + "-not"); err == nil {
		t.Error("a missing file is dumpable")
	}
	if os.Getuid() == 0 {
		if err := errors.Join(os.Chown(plain, 65534, 65534), os.Chmod(plain, 0o755|os.ModeSetuid)); err != nil {
			t.Fatal(err)
		}
	} else if err := os.Chmod(plain, 0o111); err != nil {
		t.Fatal(err)
	}
	if err := Dumpable(plain); err == nil {
		t.Error("a program that changes ids, or cannot be read, is dumpable")
	}
}

func TestStateText(t *testing.T) {
	n := uint64(3)
	s := State{
		Blocked: list(catchable.Without(signals.SIGTERM)), Ignored: list(signals.SetOf(signals.SIGPIPE)), Exact: true,
		PendingLimit: [2]*uint64{&n, nil}, ParentDeath: signals.SIGTERM,
	}
	for range 10 {
		s.Pending = append(s.Pending, Pending{Signal: 40, Code: signals.CodeQueue, PID: 7, Value: 5})
	}
	text := s.String()
	for _, want := range []string{"all but SIGTERM", "SIGPIPE", "3 (hard unlimited)", "SIGRTMIN+6 with value 5 from pid 7 (uid 0); ", "and 2 more", "SIGTERM, when the thread"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

// FuzzParse parses what is given on a command line: a set holds what can be blocked, a limit is
// one that the kernel could take.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"TERM,INT", "all", "RTMIN+3, 64", "3:4", ":unlimited", "KILL", "1:", "18446744073709551615"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if set, err := ParseSet(text); err == nil && (set == 0 || set&^catchable != 0) {
			t.Errorf("%q: %v", text, set)
		}
		limit, err := ParseLimit(text, ParseCount)
		if err != nil {
			return
		}
		if limit.Soft == nil && limit.Hard == nil || limit.Soft != nil && limit.Hard != nil && *limit.Soft > *limit.Hard {
			t.Errorf("%q: %v", text, limit)
		}
		if limit.Soft != nil && *limit.Soft == math.MaxUint64 && !strings.Contains(text, "unlimited") {
			t.Errorf("%q is unlimited", text)
		}
	})
}
