package signals

import "strconv"

// Exit is how a process ended. The zero value is an exit with code 0.
type Exit struct {
	Code   int    `json:"code"`            // 0 to 255, when Signal is 0
	Signal Signal `json:"signal,omitzero"` // the signal that killed it, or 0
	Core   bool   `json:"core,omitzero"`   // the kernel says that it dumped core, which may be truncated
}

// Status returns the exit status that a shell and a container runtime report: the code, or
// 128 plus the signal.
func (e Exit) Status() int {
	if e.Signal != 0 {
		return 128 + int(e.Signal)
	}
	return e.Code
}

// String returns how the process ended: "exited with code 3", "killed by SIGKILL", "killed by
// SIGSEGV, core dumped".
func (e Exit) String() string {
	switch {
	case e.Signal == 0:
		return "exited with code " + strconv.Itoa(e.Code)
	case e.Core:
		return "killed by " + e.Signal.String() + ", core dumped"
	default:
		return "killed by " + e.Signal.String()
	}
}
