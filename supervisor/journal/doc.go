// Package journal remembers what happened, what the supervisor did about it, and what led to
// what, for supervise events and supervise why.
//
//	j := journal.New(4096, began, nameOf)
//	actions := m.Step(now, event)
//	number := j.Step(now, event, actions)                      // something has happened
//	for i := range actions {
//	    carry it out
//	    j.Add(journal.Entry{Action: &actions[i]})              // something was done about it
//	}
//	j.Add(journal.Entry{Time: now, Cause: number, Fact: fact}) // something beside the machine
//	j.Last(names, 20); j.Why("web", 0)
//
// An [Entry] is data: an event, an action or a note of the machine, or a [Fact]. Text, which
// comes last, makes a sentence of it; nothing reads these sentences. The journal links the
// entries itself, as the machine's actions name the steps that caused them.
//
// It is a bounded list in memory, in which new entries replace the oldest ones, and may be
// recorded to disk: see [Journal.RecordTo]. It knows no processes, has no clock, and belongs
// to one goroutine, the supervisor's loop.
package journal
