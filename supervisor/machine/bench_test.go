package machine

import (
	"strconv"
	"testing"
	"time"

	"supervise/signals"
)

// benchMachine returns a machine with n services that run.
func benchMachine(n int, settings ...string) *Machine {
	s := newScript()
	for i := range n {
		s.service("s"+strconv.Itoa(i), settings)
	}
	m := s.machine()
	m.Step(0, Event{Kind: Boot})
	for i := range n {
		m.Step(0, Event{Kind: Spawned, Service: ServiceID(i), Gen: 1, PID: int32(i + 1)})
	}
	return m
}

// perEvent reports the costs per event instead of per iteration.
func perEvent(b *testing.B, events int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*events), "ns/event")
	b.ReportMetric(float64(b.N*events)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkForward passes a signal on to one of 500 services: two events.
func BenchmarkForward(b *testing.B) {
	s := newScript()
	for i := range 500 {
		s.service("s"+strconv.Itoa(i), nil)
	}
	s.file.Services[250].Signals.Forward[signals.SIGRTMIN] = signals.SIGRTMIN
	m := s.machine()
	m.Step(0, Event{Kind: Boot})
	for i := range 500 {
		m.Step(0, Event{Kind: Spawned, Service: ServiceID(i), Gen: 1, PID: int32(i + 1)})
	}
	info := signals.Info{Signal: signals.SIGRTMIN, Code: signals.CodeQueue, PID: 812}
	b.ReportAllocs()
	for b.Loop() {
		for _, a := range m.Step(0, Event{Kind: Signal, Info: info}) {
			m.Step(0, Event{Kind: Sent, Service: a.Service, Gen: a.Gen, Ticket: a.Ticket})
		}
	}
	perEvent(b, 2)
}

// BenchmarkReplace is a kill -9 of one of 500 services with delay = "0s", answered at
// once: two events.
func BenchmarkReplace(b *testing.B) {
	m := benchMachine(500, "delay=0s", "policy=always")
	gen, now := Gen(1), time.Duration(0)
	kill := signals.Exit{Signal: signals.SIGKILL}
	b.ReportAllocs()
	for b.Loop() {
		now += time.Second
		m.Step(now, Event{Kind: Exited, Service: 250, Gen: gen, Exit: kill})
		gen++
		m.Step(now, Event{Kind: Spawned, Service: 250, Gen: gen, PID: 7})
	}
	perEvent(b, 2)
}

// BenchmarkBackoff is the same with a delay, while 499 other services wait for theirs:
// three events, and the deadline asked for after each.
func BenchmarkBackoff(b *testing.B) {
	m := benchMachine(500, "delay=1h", "max-delay=1h", "jitter=0.5")
	for i := range 500 {
		m.Step(time.Second, Event{Kind: Exited, Service: ServiceID(i), Gen: 1, Exit: signals.Exit{Code: 1}})
	}
	b.ReportAllocs()
	for b.Loop() {
		now, _ := m.Deadline()
		for _, a := range m.Step(now, Event{Kind: Tick}) {
			if a.Kind != Spawn {
				continue
			}
			m.Step(now, Event{Kind: Spawned, Service: a.Service, Gen: a.Gen, PID: 7})
			m.Deadline()
			m.Step(now, Event{Kind: Exited, Service: a.Service, Gen: a.Gen, Exit: signals.Exit{Code: 1}})
			m.Deadline()
		}
	}
	perEvent(b, 3)
}

// BenchmarkShutdown stops 500 services: one event that begins 500 ladders, and 500
// that end them.
func BenchmarkShutdown(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		m := benchMachine(500)
		b.StartTimer()
		m.Step(0, Event{Kind: Shutdown})
		for i := range 500 {
			m.Step(0, Event{Kind: Exited, Service: ServiceID(i), Gen: 1})
			m.Deadline()
		}
	}
	perEvent(b, 501)
}

// BenchmarkView is what looking at 500 services costs.
func BenchmarkView(b *testing.B) {
	m := benchMachine(500)
	up := 0
	b.ReportAllocs()
	for b.Loop() {
		for id := range ServiceID(500) {
			if m.View(id).State == Running {
				up++
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(up), "ns/service")
}
