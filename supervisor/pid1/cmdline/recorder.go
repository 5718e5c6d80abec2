//go:build !slim

package cmdline

// setRecorder asks for the recorder.
func setRecorder(l *Line, v string) bool { return l.setSwitch(&l.Options.Recorder, v) }
