// Package host is the operating system as the supervisor's loop knows it: the interfaces of
// package kernel, carried out with real signals, processes, cgroups and files.
//
//	h, err := host.Open(host.Options{Intake: in, Observer: o, ...})
//	configuration, err := h.Prepare(file)
//	service := configuration.Service(i, nil)
//	...                                  // the loop runs
//	h.EndRest(); h.Close(ctx)
//
// It takes no decision and keeps no state of services but what belongs to the system: who
// they run as, the tree of their processes, where their output goes. How each thing is
// done is the business of the packages below: signals/intake, signals/send,
// supervisor/launch, supervisor/output, supervisor/process and its tree.
//
// A Host belongs to the loop's goroutine, but for Wake, Post, Load and Write.
package host
