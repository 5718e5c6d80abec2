// Package advice says in plain words what is unusual about the signals of a process, and what
// can be done about it.
//
//	for _, f := range advice.About(&facts) { ... f.ID, f.Text, f.Remedy }
//
// A finding is something that surprises people: a signal that has no effect, one that nobody
// passes on, children that nobody waits for. It is no judgement: there are programs that mean
// it. Each kind is in a file of its own, and in the table of advice.go. Scripts know a finding
// by its ID, which stays; Text and Remedy are for people.
//
// The package is pure: package inspect gathers the facts.
package advice
