//go:build !slim

package cmdline

// setRecorder asks for the recorder.
func setRecorder(l *line, v string) error { return setSwitch(&l.options.Recorder, v) }
