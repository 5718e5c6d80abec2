//go:build !slim

package main

import (
	"io"

	"supervise/supervisor/control/request"
)

// reopenLogs waits until log files are opened anew: logs --reopen.
func reopenLogs(w io.Writer, r *remote, target request.Target) error {
	reply, err := r.call(request.Reopen{Target: target})
	if reply == nil {
		return err
	}
	if e := printOutcomes(w, reply, r.json()); e != nil {
		return e
	}
	return outcomeError(reply, err)
}
