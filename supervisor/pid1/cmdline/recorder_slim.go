//go:build slim

package cmdline

// setRecorder refuses: the program that records is not in here.
func setRecorder(l *Line, v string) bool { return l.fail(noRecorder, v) }
