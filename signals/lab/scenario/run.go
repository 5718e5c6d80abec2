package scenario

import (
	"context"
	"encoding/json"
	"time"

	"supervise/signals/lab/bench"
)

// grace is how long a holder may take beside what the scenario has time for.
const grace = 15 * time.Second

// request is what a holder is to play.
type request struct {
	Scenario *Scenario
	Command  []string
	Turn     int // from 0
}

// Run plays a scenario, as often as it says, with a command. argv starts this program as a
// holder: it must call [Play]. Each check is told as it comes, with the run from 0, unless
// told is nil.
func Run(ctx context.Context, argv []string, s *Scenario, command []string, told func(turn int, c Check)) *Result {
	result := &Result{Name: s.Name, File: s.File, Command: command, OK: true, Rounds: []Round{}}
	for turn := range s.Repeat {
		begin := time.Now()
		var round Round
		place, err := bench.Run(ctx, &bench.Trial{Argv: argv, Limit: s.Timeout + grace, OwnQueue: s.PendingLimit != nil}, request{s, command, turn}, &round, func(text []byte) {
			var c Check
			if told != nil && json.Unmarshal(text, &c) == nil {
				told(turn, c)
			}
		})
		if err != nil {
			round.OK, round.Error = false, err.Error()
		}
		if round.Checks == nil {
			round.Checks = []Check{}
		}
		round.Seconds = time.Since(begin).Seconds()
		result.Place = place
		result.Seconds += round.Seconds
		result.OK = result.OK && round.OK
		result.Rounds = append(result.Rounds, round)
		if ctx.Err() != nil {
			result.OK = false
			break
		}
	}
	return result
}

// Play is what the holder does.
func Play(h *bench.Holder, text []byte) (any, error) {
	var r request
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, err
	}
	p := &player{h: h, s: r.Scenario, turn: r.Turn}
	p.round.OK = true
	if err := p.play(r.Command); err != nil {
		p.round.OK, p.round.Error = false, err.Error()
	}
	return &p.round, nil
}
