//go:build !slim

package main

import (
	"errors"
	"fmt"

	"supervise/config"
	"supervise/coredump/store"
	"supervise/supervisor/control/client"
	"supervise/supervisor/control/request"
)

// Exit codes of all subcommands but init: LSB, "Init Script Actions".
const (
	exitOK         = 0
	exitFailed     = 1
	exitUsage      = 2
	exitNotRunning = 3 // no supervisor runs; of status and wait also: a named service does not run
	exitUnknown    = 4 // a named service, or core, does not exist
	exitLeftBehind = 5 // of run: the shutdown could not end every process
)

// exitStatus is an exit code after everything was printed.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// usageError is an invalid command line or configuration.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// exitCode is the exit code of an error.
func exitCode(err error) int {
	var usage usageError
	var invalid *config.Error
	var absent *client.NotRunningError
	var failure *request.Failure
	var unknownCore unknownCoreError
	var unknownID *store.UnknownError
	switch {
	case errors.As(err, &usage), errors.As(err, &invalid):
		return exitUsage
	case errors.As(err, &absent):
		return exitNotRunning
	case errors.As(err, &unknownCore), errors.As(err, &unknownID):
		return exitUnknown
	case !errors.As(err, &failure):
		return exitFailed
	}
	switch failure.Code {
	case request.Usage:
		return exitUsage
	case request.UnknownService:
		return exitUnknown
	case request.Refused, request.Failed, request.TimedOut, request.NotSupported, request.Lost:
	}
	return exitFailed // also for the codes of a newer supervisor
}
