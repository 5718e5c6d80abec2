package precore

import (
	"syscall"

	"supervise/coredump/quickread"
	"supervise/signals/intake"
)

func init() {
	question, ok := quickread.Select(intake.Arguments())
	if !ok {
		return
	}
	growStack(false)
	if question.Answer() {
		syscall.Exit(0)
	}
}

// growStack has the stack grow once to what reading a core takes: each of four smaller steps
// would copy it, which takes a twentieth of the time of it all. It only has to have a large frame.
//
//go:noinline
func growStack(use bool) (sum byte) {
	if use {
		var room [40 << 10]byte
		for i := range room {
			room[i] = byte(i)
		}
		for i := range room {
			sum += room[i] & sum
		}
	}
	return sum
}
