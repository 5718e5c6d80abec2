// Package journal remembers what happened to a supervisor, what it did about it, and how the
// two belong together, for supervise events and supervise why.
//
//	j := journal.New(4096, began, nameOf)
//	actions := m.Step(now, event)
//	number := j.Step(now, event, actions)       // something happened
//	for i := range actions {
//	    carry it out
//	    j.Add(journal.Entry{Action: &actions[i]}) // something was done about it
//	}
//	j.Add(journal.Entry{Time: now, Cause: number, Fact: fact}) // something beside the machine
//	j.Last(names, 20); j.Why("web")
//
// An [Entry] is data: an event, an action or a note of the machine, or a [Fact]. Sentences
// are made of it last, by Text, and nothing reads them. The journal itself finds out which
// entry led to which, as the machine's actions name the steps that they come from.
//
// It is a bounded list in memory: the oldest entries make room for new ones. It knows no
// processes, has no clock, and belongs to one goroutine, the supervisor's loop.
package journal
