//go:build !slim

package main

import (
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"supervise/signals/recorder"
)

// recorderSocket is the descriptor of the socket to whom has started a recorder's helper.
const recorderSocket = 3

// newRecorder is the process that loads a recorder, started by run and by init. Nobody else is to
// call it, so that it is in no help.
func newRecorder() *cobra.Command {
	return &cobra.Command{
		Use:               "recorder load [CGROUP]",
		Hidden:            true,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(_ *cobra.Command, args []string) error {
			// The services that have just been started come first.
			_ = unix.Setpriority(unix.PRIO_PROCESS, 0, 10)
			if len(args) == 2 && args[0] == "load" {
				return recorder.Serve(recorderSocket, recorder.Scope{Cgroup: args[1]})
			}
			return exitStatus(exitUsage)
		},
	}
}
