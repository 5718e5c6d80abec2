// Package corecollect has the cores of services collected while supervise run runs, as its
// configuration says.
//
//	c := corecollect.Open(corecollect.Options{...}) // before the first service is started
//	...
//	for done := c.Close(ctx); ; { ... }             // when all are down
//
// What takes the cores is package coredump/collector, and package host tells it whose they are.
// Here is what comes before and after: the settings of the kernel, and the log. Nothing of that
// keeps services from being run.
package corecollect
