// Package host implements the interfaces of package kernel, all that the supervisor's loop
// asks of the operating system, with real signals, processes, cgroups and files.
//
//	h, err := host.Open(host.Options{Intake: in, Observer: o, ...})
//	configuration, err := h.Prepare(file)
//	service := configuration.Service(i, nil)
//	...                                  // the loop runs
//	h.Close(ctx)
//
// It decides nothing, and knows of services only what belongs to the system: who they run
// as, the tree of their processes, where their output goes. The work is done by the packages
// below: signals/intake, signals/send, supervisor/launch, supervisor/output,
// supervisor/process and process/tree.
//
// Starts are carried out on goroutines of its own, as the kernel may hold them for ever: on a
// file system that does not answer, or in a frozen cgroup. What else the loop asks for does not
// wait.
//
// A Host belongs to the loop's goroutine, except for Wake, Post, Load and SignalState.
package host
