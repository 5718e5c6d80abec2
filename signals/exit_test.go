package signals_test

import (
	"testing"

	"supervise/signals"
)

func TestExit(t *testing.T) {
	tests := []struct {
		exit   signals.Exit
		status int
		text   string
	}{
		{signals.Exit{}, 0, "exited with code 0"},
		{signals.Exit{Code: 3}, 3, "exited with code 3"},
		{signals.Exit{Code: 255}, 255, "exited with code 255"},
		{signals.Exit{Signal: signals.SIGKILL}, 137, "killed by SIGKILL"},
		{signals.Exit{Signal: signals.SIGSEGV, Core: true}, 139, "killed by SIGSEGV, core dumped"},
		{signals.Exit{Signal: signals.SIGRTMAX}, 192, "killed by SIGRTMAX"},
	}
	for _, test := range tests {
		if got := test.exit.Status(); got != test.status {
			t.Errorf("%+v: status %d, want %d", test.exit, got, test.status)
		}
		if got := test.exit.String(); got != test.text {
			t.Errorf("%+v reads %q, want %q", test.exit, got, test.text)
		}
	}
}
