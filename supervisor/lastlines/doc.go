// Package lastlines keeps what the main processes of a service wrote before their ends.
//
// A process that has ended is told of at once, to followers of the journal too. Its output is
// read to the end some time later. So its last lines have an entry of their own, whose cause
// is the one about the exit:
//
//	var tail lastlines.Tail
//	service.Ended(tail.Ended(tell))     // it has been reaped: tell is called when they are read
//	tail.Told(number)                   // of the entry about the exit
//	lines, read := tail.Lines()
//
// It reads nothing itself, and belongs to one goroutine, the supervisor's loop.
package lastlines
