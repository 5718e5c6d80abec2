package state_test

import (
	"slices"
	"testing"

	"supervise/signals/state"
)

func TestFlags(t *testing.T) {
	for flags, want := range map[state.Flags]string{
		0: "none", state.Restart | state.OnStack: "SA_RESTART SA_ONSTACK", 1 << 40: "0x10000000000",
		state.SigInfo | state.NoDefer | state.ResetHandler | state.NoChildStop | state.NoChildWait | 8: "SA_SIGINFO SA_NODEFER SA_RESETHAND SA_NOCLDSTOP SA_NOCLDWAIT 0x8",
	} {
		if got := flags.String(); got != want {
			t.Errorf("%x: %s, want %s", uint64(flags), got, want)
		}
	}
	if names := state.Flags(0).Names(); names == nil || slices.Contains(names, "none") {
		t.Errorf("no flags: %q", names)
	}
}
