package config

import (
	"testing"

	"supervise/signals"
)

// TestHangup is about the one default that depends on other keys.
func TestHangup(t *testing.T) {
	const service, forwards = "[service.a]\ncommand = 'a'\n", "signals.forward = { SIGUSR1 = 'SIGHUP', 1 = 'SIGUSR1' }\n"
	for _, test := range []struct{ text, want string }{
		{service, `"update"`},
		{service + "[signals]\nSIGUSR1 = 'update'\n", `"update"`},
		{service + "signals.forward = { SIGUSR1 = 'SIGHUP' }\n", `"update"`},
		{service + forwards, `"forward"`},
		{service + "[service.b]\ncommand = 'b'\n" + forwards, `"forward"`},
		{service + "[signals]\nhup = 'forward'\n", `"forward"`},
		{service + forwards + "[signals]\nhup = 'update'\n", `"update"`},
		{"signals = { HUP = 'ignore' }\n" + service + forwards, `"ignore"`},
		{"signals.SIGHUP.restart = 'a'\n" + service + forwards, `{ restart = "a" }`},
	} {
		file, err := Parse("x", []byte(test.text), nil)
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
		} else if got := file.rule(signals.SIGHUP); got != test.want {
			t.Errorf("%s: SIGHUP is %s, want %s", test.text, got, test.want)
		}
	}
}
