package config

import (
	"testing"

	"supervise/signals"
)

// TestHangup is about the one default that depends on other keys.
func TestHangup(t *testing.T) {
	const service, forwards = "[service.a]\ncommand = 'a'\n", "signals.forward = { SIGUSR1 = 'SIGHUP', 1 = 'SIGUSR1' }\n"
	for _, test := range []struct {
		text, want string
		said       bool // there is a rule for it
	}{
		{service, `"update"`, false},
		{service + "[signals]\nSIGUSR1 = 'update'\n", `"update"`, false},
		{service + "signals.forward = { SIGUSR1 = 'SIGHUP' }\n", `"update"`, false},
		{service + forwards, `"forward"`, false},
		{service + "[service.b]\ncommand = 'b'\n" + forwards, `"forward"`, false},
		{service + "[signals]\nhup = 'forward'\n", `"forward"`, true},
		{service + forwards + "[signals]\nhup = 'update'\n", `"update"`, true},
		{"signals = { HUP = 'ignore' }\n" + service + forwards, `"ignore"`, true},
		{"signals.SIGHUP.restart = 'a'\n" + service + forwards, `{ restart = "a" }`, true},
	} {
		file, err := Parse("x", []byte(test.text), nil)
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
		} else if file.HangUp == test.said {
			t.Errorf("%s: a terminal that closes is a shutdown: %v", test.text, file.HangUp)
		} else if got := file.rule(signals.SIGHUP); got != test.want {
			t.Errorf("%s: SIGHUP is %s, want %s", test.text, got, test.want)
		}
	}
}
