// Package output decides where the output of services goes: to the console, which is the
// supervisor's own standard output and error, each line after the service's name; to a log
// file; or, in mode "inherit", past the supervisor.
//
// [Outputs] is what all services share, [Route] is where one of them writes, whatever its
// generations:
//
//	outputs, err := output.New(output.Options{Stdout: 1, Stderr: 2, Post: post, Observer: o})
//	destination, err := outputs.Open(service.Log) // may be slow: a disk
//	route := outputs.Route(service.Name, destination)
//	files, release, err := route.Attach(uid, gid) // the descriptors of a new process
//	...                                           // start it
//	release()
//	route.Drain()           // it has exited: read what it has written
//	route.ReportTail(false) // and report the last lines, if they appear nowhere else
//	route.Update(other)     // the configuration has changed
//	route.Close()           // the service is removed
//
// # The fallback
//
// A service runs even if its log file cannot be opened: until it can, the output goes to the
// console. The file is tried again, beside the loop, after 0.1 s and then less often, at
// least every 5 s. Once it can be opened, the output of the running process goes there, too.
//
// The package does not read pipes or write files itself (package logs does), and it does not
// log: it reports to an [Observer].
package output
