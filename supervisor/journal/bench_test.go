package journal

import (
	"testing"
	"time"

	"supervise/signals"
	"supervise/supervisor/machine"
)

// BenchmarkForward is what it costs to remember a signal that is passed on to a service: two
// steps of the machine, and two entries.
func BenchmarkForward(b *testing.B) {
	j := New(4096, time.Unix(0, 0), func(machine.ServiceID) string { return "web" })
	info := signals.Info{Signal: signals.SIGUSR1, PID: 812, UID: 1000}
	arrived := machine.Event{Kind: machine.Signal, Info: info, By: machine.Asker{PID: 812, UID: 1000, Name: "bash"}}
	deliver := []machine.Action{{Kind: machine.Deliver, Gen: 1, Info: info.Forwardable()}}
	report := []machine.Action{{Kind: machine.Report, Gen: 1, Note: machine.Note{Kind: machine.Delivered}}}
	b.ReportAllocs()
	for step := machine.EventID(1); b.Loop(); step += 2 {
		deliver[0].Cause, deliver[0].Origin, deliver[0].Ticket = step, step, step
		report[0].Cause, report[0].Origin, report[0].Ticket = step+1, step, step
		j.Step(1, arrived, deliver)
		j.By(step, "web")
		j.Add(Entry{Action: &deliver[0], PID: 4000})
		j.Step(1, machine.Event{Kind: machine.Sent, Gen: 1, Ticket: step}, report)
	}
}
