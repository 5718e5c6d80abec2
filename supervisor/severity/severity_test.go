package severity

import (
	"testing"

	"github.com/rs/zerolog"

	"supervise/signals"
	"supervise/supervisor/journal"
	"supervise/supervisor/machine"
)

// TestLevels says how much some entries matter, and that nothing unknown is passed over.
func TestLevels(t *testing.T) {
	tell := func(n machine.Note) journal.Entry {
		return journal.Entry{Action: &machine.Action{Kind: machine.Tell, Note: n}}
	}
	act := func(kind machine.ActionKind) journal.Entry {
		return journal.Entry{Action: &machine.Action{Kind: kind}}
	}
	event := func(kind machine.EventKind) journal.Entry { return journal.Entry{Event: &machine.Event{Kind: kind}} }
	hungUp := event(machine.Signal)
	hungUp.Action = &machine.Action{Kind: machine.Tell, Note: machine.Note{Kind: machine.HungUp}}
	for name, test := range map[string]struct {
		entry journal.Entry
		want  zerolog.Level
	}{
		"a command":              {event(machine.Stop), zerolog.InfoLevel},
		"a signal":               {event(machine.Signal), zerolog.Disabled},
		"a hang-up":              {hungUp, zerolog.InfoLevel},
		"a bad configuration":    {event(machine.LoadFailed), zerolog.ErrorLevel},
		"an unknown event":       {event(255), zerolog.ErrorLevel},
		"a rung":                 {act(machine.Send), zerolog.InfoLevel},
		"a kill":                 {act(machine.Kill), zerolog.WarnLevel},
		"a delivery":             {act(machine.Deliver), zerolog.Disabled},
		"an unknown action":      {act(255), zerolog.ErrorLevel},
		"running":                {tell(machine.Note{Kind: machine.Changed, To: machine.Running}), zerolog.InfoLevel},
		"backoff":                {tell(machine.Note{Kind: machine.Changed, To: machine.Backoff}), zerolog.DebugLevel},
		"a good end":             {tell(machine.Note{Kind: machine.LeaderExited, Success: true}), zerolog.InfoLevel},
		"a bad end":              {tell(machine.Note{Kind: machine.LeaderExited}), zerolog.WarnLevel},
		"given up":               {tell(machine.Note{Kind: machine.GaveUp}), zerolog.ErrorLevel},
		"a rule that cannot":     {tell(machine.Note{Kind: machine.RefusedCommand, Why: machine.WouldEnd}), zerolog.WarnLevel},
		"too late":               {tell(machine.Note{Kind: machine.RefusedCommand, Why: machine.ShutdownBegun}), zerolog.InfoLevel},
		"a rule's restart":       {tell(machine.Note{Kind: machine.Commanded, Event: machine.Restart}), zerolog.InfoLevel},
		"a rule's pause":         {tell(machine.Note{Kind: machine.Commanded, Event: machine.Pause}), zerolog.Disabled},
		"nobody for a TERM":      {tell(machine.Note{Kind: machine.NoRule, Info: signals.Info{Signal: signals.SIGTERM}}), zerolog.InfoLevel},
		"nobody for a WINCH":     {tell(machine.Note{Kind: machine.NoRule, Info: signals.Info{Signal: signals.SIGWINCH}}), zerolog.DebugLevel},
		"a hook that fails":      {journal.Entry{Fact: journal.Fact{Kind: journal.HookEnded, Exit: signals.Exit{Code: 1}}}, zerolog.WarnLevel},
		"a hook that does not":   {journal.Entry{Fact: journal.Fact{Kind: journal.HookEnded}}, zerolog.InfoLevel},
		"the OOM killer":         {journal.Entry{Fact: journal.Fact{Kind: journal.OOMFound}}, zerolog.WarnLevel},
		"an unknown fact":        {journal.Entry{Fact: journal.Fact{Kind: 255}}, zerolog.ErrorLevel},
		"an entry about nothing": {journal.Entry{}, zerolog.ErrorLevel},
	} {
		if got := Of(&test.entry); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}
