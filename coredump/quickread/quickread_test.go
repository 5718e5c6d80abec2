package quickread

import "testing"

func TestSelect(t *testing.T) {
	for _, test := range []struct {
		args []string
		want Question
		ok   bool
	}{
		{[]string{"core", "bt", "./core.812"}, Question{file: "./core.812"}, true},
		{[]string{"core", "info", "/tmp/7f3a"}, Question{file: "/tmp/7f3a", info: true}, true},
		{[]string{"core", "bt", "core"}, Question{file: "core"}, true},
		{[]string{"core", "bt", "7f3a"}, Question{file: "7f3a"}, false}, // may be an id
		{[]string{"core", "bt", "7F3A"}, Question{file: "7F3A"}, false},
		{[]string{"core", "bt", "--help"}, Question{file: "--help"}, false},
		{[]string{"core", "bt", ""}, Question{}, false},
		{[]string{"core", "bt", "--format=json", "./core"}, Question{}, false},
		{[]string{"core", "modules", "./core"}, Question{}, false},
		{[]string{"core", "bt"}, Question{}, false},
		{nil, Question{}, false},
	} {
		if got, ok := Select(append([]string{"supervise"}, test.args...)); got != test.want || ok != test.ok {
			t.Errorf("%q: %+v, %v, want %+v, %v", test.args, got, ok, test.want, test.ok)
		}
	}
}
