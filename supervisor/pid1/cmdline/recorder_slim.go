//go:build slim

package cmdline

import "errors"

// setRecorder refuses: the program that records is not in here.
func setRecorder(*line, string) error {
	return errors.New("supervise-init has none: it takes the whole of supervise, as 'supervise init'")
}
