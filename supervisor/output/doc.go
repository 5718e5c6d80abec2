// Package output is where the output of services goes: to the console, which is the
// supervisor's own standard output and error, each line under the service's name; to a log
// file; or past the supervisor, in mode "inherit".
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
//	route.Update(other)     // the configuration has changed: also what runs writes there
//	route.Reopen(done)      // somebody has moved the log file away
//	route.Close()           // the service is removed
//
// # The fallback
//
// That a log file cannot be opened is no reason not to run a service: until it can, the
// output goes to the console. The file is tried again, beside the loop, after 0.1 s and
// then less often, up to every second. Once it can be opened, the running process's output
// goes there too. It is the same when a file that was open is removed with its directory.
//
// It does not read pipes or write files itself (package logs does), and it does not log:
// [Observer] is told what there is to tell.
package output
