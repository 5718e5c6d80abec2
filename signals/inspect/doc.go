// Package inspect puts together all that can be known of the signals of a process: what
// 'supervise sig' shows.
//
//	i := inspect.New(inspect.Options{Queue: true})
//	defer i.Close()
//	report, err := i.Look(pid)
//
// What only root may know is left out for others, and Report.Missing says so. The names of the
// report as JSON are those that scripts rely on.
package inspect
