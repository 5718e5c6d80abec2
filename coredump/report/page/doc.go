// Package page makes of a report what people read: why a process crashed, its stacks, its
// modules. What terminals would act on is escaped. It is early: see cmd/supervise/preinit.
package page
