//go:build !slim

package main

import (
	"errors"
	"slices"

	"supervise/supervisor/board"
	"supervise/supervisor/control/client"
	"supervise/supervisor/control/request"
	"supervise/supervisor/status"
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

// readBoard returns some of the services of a board, or all.
func (r *remote) readBoard(onBoard []status.Service, names []string) ([]status.Service, error) {
	var all []status.Service
	var known []string
	for i := range onBoard {
		if name := onBoard[i].Name; name != "" {
			all, known = append(all, onBoard[i]), append(known, name)
		}
	}
	if len(names) == 0 {
		return all, nil
	}
	var some []status.Service
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
