package request

import (
	"strconv"

	"supervise/config"
	"supervise/signals"
)

// signalLetters are the letters that send a signal to the main process.
var signalLetters = [256]signals.Signal{
	'h': signals.SIGHUP, 'a': signals.SIGALRM, 'i': signals.SIGINT, 'q': signals.SIGQUIT,
	'1': signals.SIGUSR1, '2': signals.SIGUSR2, 't': signals.SIGTERM, 'k': signals.SIGKILL,
	'b': signals.SIGABRT, 'y': signals.SIGWINCH,
}

// groupLetters are those of s6 that send one to its process group.
var groupLetters = [256]signals.Signal{
	'P': signals.SIGSTOP, 'C': signals.SIGCONT, 'K': signals.SIGKILL,
}

// Letter reads a one-letter command for a service, as daemontools' svc, runit's sv and
// s6-svc write it into the service's control FIFO:
//
//	u  start                   d  stop, by the ladder       o  start, and do not restart
//	p  pause (SIGSTOP)         c  continue (SIGCONT)        r  restart (s6)
//	h a i q 1 2 t k            SIGHUP ALRM INT QUIT USR1 USR2 TERM KILL
//	b y                        SIGABRT, SIGWINCH (s6)
//	P C K                      SIGSTOP, SIGCONT, SIGKILL to the process group (s6)
//	U D                        as u and d (s6; there is no file "down" to change)
//	x                          as d: there is no supervisor of this service alone to exit
//
// Blanks, line ends and NUL say nothing: the request is nil. So does no other byte; the
// error is a [*Failure] with the code [Usage].
func Letter(service string, letter byte) (Request, error) {
	if signal := signalLetters[letter]; signal != 0 {
		return Signal{Service: service, Signal: signal}, nil
	}
	if signal := groupLetters[letter]; signal != 0 {
		return Signal{Service: service, Signal: signal, Scope: config.Group}, nil
	}
	one := Target{Services: []string{service}}
	switch letter {
	case 'u', 'U':
		return Start{Target: one}, nil
	case 'o':
		return Start{Target: one, Once: true}, nil
	case 'd', 'D', 'x':
		return Stop{Target: one}, nil
	case 'r':
		return Restart{Target: one}, nil
	case 'p':
		return Pause{one}, nil
	case 'c':
		return Continue{one}, nil
	case ' ', '\t', '\r', '\n', 0:
		return nil, nil
	}
	return nil, usage("no one-letter command: " + strconv.QuoteRuneToASCII(rune(letter)))
}
