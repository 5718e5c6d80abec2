//go:build !slim

package main

import (
	"errors"
	"slices"
	"time"

	"supervise/signals"
	"supervise/supervisor/board"
	"supervise/supervisor/control/client"
	"supervise/supervisor/control/request"
)

// openBoard opens the status board of the supervisor that is meant.
func (r *remote) openBoard() (*board.Reader, error) {
	b, err := board.Open(r.directory())
	if errors.Is(err, board.ErrNone) {
		err = &client.NotRunningError{Dir: r.directory()}
	}
	if err != nil {
		return nil, r.explain(nil, request.Status{}, err)
	}
	return b, nil
}

// readBoard returns what the slots of a board show of some services, or of all.
func (r *remote) readBoard(slots []board.Slot, names []string) ([]request.Service, error) {
	var all []request.Service
	for _, slot := range slots {
		if slot.Name != "" {
			all = append(all, onBoard(&slot))
		}
	}
	if len(names) == 0 {
		return all, nil
	}
	var known []string
	for i := range all {
		known = append(known, all[i].Name)
	}
	var some []request.Service
	var missing []string
	for _, name := range names {
		if i := slices.Index(known, name); i >= 0 {
			some = append(some, all[i])
		} else {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return nil, &request.Failure{Code: request.UnknownService, Text: r.without(missing, known)}
	}
	return some, nil
}

// onBoard is the service that a slot shows.
func onBoard(slot *board.Slot) request.Service {
	s := request.Service{
		Name: slot.Name, State: slot.State, Wanted: string(request.Down), PID: int(slot.PID), Ready: slot.Ready,
		Since: unixTime(slot.Since), Restarts: int(slot.Restarts), NextRestart: unixTime(slot.NextRestart),
		Rung: int(slot.Rung), Rungs: int(slot.Rungs), Held: int(slot.Held),
	}
	if slot.Wanted {
		s.Wanted = string(request.Up)
	}
	if slot.Paused {
		s.State = "paused"
	}
	if slot.SigQLimit != 0 {
		s.SigQ = &request.SigQ{Used: slot.SigQUsed, Limit: slot.SigQLimit}
	}
	if slot.Exited {
		s.Exit = exitOnBoard(slot)
	}
	return s
}

func exitOnBoard(slot *board.Slot) *request.Exit {
	e := &request.Exit{
		Code: int(slot.ExitCode), Signal: signals.Signal(slot.ExitSignal), Core: slot.Core, Time: unixTime(slot.ExitTime), Text: slot.Exit(),
	}
	if slot.SenderPID != 0 || slot.Sender != "" {
		e.By = &request.Process{PID: int(slot.SenderPID), UID: int(slot.SenderUID), Name: slot.Sender}
	}
	return e
}

// unixTime is the time of nanoseconds since 1970, 0 being none.
func unixTime(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns)
}
