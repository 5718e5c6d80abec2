// Package apart explains a core in a child process that may do nothing else: nobody, without
// capabilities, with limits of memory, time and output, and behind a filter of system calls by
// which it cannot even open a file.
//
//	r, err := apart.Explain(ctx, core, explain.Options{Open: apart.Living(pid)})   // starts supervise core explain
//	err = apart.Child(core, out, options)                                          // is that
//
// The child asks for the files of modules, and gets those that Options.Open opens: [Living],
// the files that a process has mapped; with [ReadableBy] around it, only those that a user may
// read. What a core, or a file that it names, does to the parser ends with the child, and is the
// error. Decision 22 in docs/decisions says more.
package apart
