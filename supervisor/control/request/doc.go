// Package request is the vocabulary of control: what can be asked of a running supervisor,
// and what it answers. It is plain data with two spellings,
//
//	{"verb":"signal","service":"web","signal":"SIGHUP"}     JSON, of the message queue
//	signal web HUP                                          a line, of the FIFO
//
// and the one-letter commands of daemontools, runit and s6 beside them. Both sides import
// it. It does nothing: how requests travel is package control's and package client's
// matter, what they do the supervisor's.
//
// # Lines
//
// Words are separated by blanks; an empty line, or one that begins with #, says nothing.
//
//	start|stop|restart|reload|pause|continue|reopen NAME... | --all
//	once NAME...                    start, and do not restart
//	signal NAME SIGNAL [VALUE] [main|group|tree]
//	update [FILE]                   an absolute path, to the end of the line
//	shutdown [now]
//
// SIGNAL is a name or a number (HUP, SIGRTMIN+3, 15). VALUE is the payload, decimal or 0x
// and hexadecimal, 64 bits; with it the signal is queued as sigqueue(3) does. Verbs that
// only ask have no line: a FIFO has no way back.
//
// # Letters
//
// See [Letter].
package request
