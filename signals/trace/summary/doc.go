// Package summary counts what a trace of signals has: who sent how many of what to whom, what
// became of them, and how long they took.
//
//	s := summary.New()        // a trace.Sink
//	report := s.Report()      // after its End: for JSON
//	err := report.Print(out)  // or as tables
//
// Senders and targets are told apart by their names, not by their pids: a program that runs a
// thousand times is one row. What the kernel sent is the kernel's. It needs little memory however
// long the trace is: a bounded number of rows, and histograms instead of values.
package summary
