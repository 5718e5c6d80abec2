package report

import (
	"strconv"
	"strings"
)

// shownFrames is how many functions a summary names.
const shownFrames = 4

// Summary says in one line why a process crashed and where:
// "SIGSEGV (SEGV_MAPERR at 0x10) in handle_request+0x42 <- serve <- main".
func (r *Report) Summary() string {
	text := r.Signal
	if cause := r.Cause(); cause != "" {
		text += " (" + cause + ")"
	}
	if stack := r.Stack(); stack != "" {
		text += " in " + stack
	}
	return text
}

// Cause is the si_code in words, with the address of a fault or the sender of a signal:
// "SEGV_MAPERR at 0x10", "SI_USER from pid 812 (bash, uid 0)", "SI_TKILL by itself".
func (r *Report) Cause() string {
	text := r.CodeName
	switch {
	case r.Sender.Self:
		text += " by itself"
	case r.Sender != (Sender{}) && r.Sender.PID == 0:
		text += " from a process outside this PID namespace"
	case r.Sender != (Sender{}):
		from := "from pid " + strconv.Itoa(r.Sender.PID) + " ("
		if r.Sender.Name != "" {
			from += r.Sender.Name + ", "
		}
		text += " " + from + "uid " + strconv.Itoa(r.Sender.UID) + ")"
	case r.HasAddress():
		text += " at " + r.Address.String()
	}
	return strings.TrimSpace(text)
}

// HasAddress reports whether Address means something: the kernel raised the signal for a
// fault, whose address may be 0. sigaction(2).
func (r *Report) HasAddress() bool {
	switch r.Signal {
	case "SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGTRAP":
		return r.Code > 0 && r.Code != siKernel
	}
	return false
}

// siKernel is SI_KERNEL: the kernel sent the signal, and there is no address.
const siKernel = 0x80

// Stack names the innermost functions of the crashed thread that have a name, the first with
// its offset: "handle_request+0x42 <- serve <- main". It is "" if none is known.
func (r *Report) Stack() string {
	var b strings.Builder
	shown := 0
	for _, t := range r.Threads {
		if !t.Crashed {
			continue
		}
		for i, f := range t.Frames {
			if f.Function == "" && i > 0 {
				continue
			}
			if shown == shownFrames {
				break
			}
			if shown++; shown > 1 {
				b.WriteString(" <- ")
			}
			switch {
			case f.Function == "":
				b.WriteString(f.Address.String())
			case i == 0 && f.Offset != 0:
				b.WriteString(f.Function + "+0x" + strconv.FormatUint(f.Offset, 16))
			default:
				b.WriteString(f.Function)
			}
		}
		break
	}
	return b.String()
}
