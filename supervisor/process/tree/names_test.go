package tree

import "testing"

func TestNames(t *testing.T) {
	many := make([]Member, maxNamed+2)
	for i := range many {
		many[i] = Member{PID: i + 1, Name: "sh"}
	}
	about := func(pid int) string {
		if pid == 1 {
			return "hangs"
		}
		return ""
	}
	for _, test := range []struct {
		members []Member
		about   func(int) string
		want    string
	}{
		{nil, nil, ""},
		{many[:2], nil, "1 (sh), 2 (sh)"},
		{many[:2], about, "1 (sh) hangs, 2 (sh)"},
		{many, nil, "1 (sh), 2 (sh), 3 (sh), 4 (sh), 5 (sh), 6 (sh), 7 (sh), 8 (sh), 2 more"},
	} {
		if got := Names(test.members, test.about); got != test.want {
			t.Errorf("%v is named %q, want %q", test.members, got, test.want)
		}
	}
}
