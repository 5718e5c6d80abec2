package logs

import (
	"bytes"
	"fmt"
	"time"
)

// What waits for a stuck destination before lines of those services are dropped that do not
// wait, in bytes, and how often that is reported at most.
const (
	dropLimit   = 256 << 10
	lossesEvery = 10 * time.Second
)

// Drop says what becomes of the lines of a source while the destination is stuck and more
// than 256 KiB are in memory: they are dropped and counted, or, as it is at first, they wait
// in the pipe, and so do who writes them.
func (s *Source) Drop(drops bool) {
	if s.drops.Swap(drops) != drops {
		s.pump.Load().wake()
	}
}

// full reports whether there is no room for what does not wait.
func (o *outlet) full() bool { return o.stuck && len(o.buf)-o.off >= dropLimit }

// spare drops whole lines of data if the outlet has no room, and returns what is left.
func (p *Pump) spare(s *stream, o *outlet, data []byte, final bool) []byte {
	if s.cutOff {
		end := bytes.IndexByte(data, '\n') + 1
		if s.cutOff = end == 0 && !final; end == 0 {
			end = len(data)
		}
		p.losses.add(s, data[:end], 0)
		data = data[end:]
	}
	if len(data) == 0 || !o.full() {
		return data
	}
	n := bytes.LastIndexByte(data, '\n') + 1
	lines := bytes.Count(data[:n], newline)
	if len(data)-n > MaxLine || final {
		n, lines, s.cutOff = len(data), lines+1, !final
	}
	o.abandon(s)
	s.midLine = false
	p.losses.add(s, data[:n], lines)
	s.keep(p.work, data[n:])
	return nil
}

// losses are the lines that were dropped and not yet reported.
type losses struct {
	services map[string]loss
	told     time.Time // when it was last reported
	timer    *time.Timer
}

type loss struct{ lines, bytes uint64 }

// add counts what is dropped.
func (l *losses) add(s *stream, data []byte, lines int) {
	if l.services == nil {
		l.services = map[string]loss{}
	}
	name := s.source.service
	was := l.services[name]
	l.services[name] = loss{was.lines + uint64(lines), was.bytes + uint64(len(data))}
	o := s.source.pump.Load().to(s)
	o.droppedBytes.Add(uint64(len(data)))
	o.droppedLines.Add(uint64(lines))
}

// report tells what was dropped: the first time at once, and what follows in one sum when the
// destination takes lines again, or after a while.
func (l *losses) report(p *Pump, stuck bool) {
	if len(l.services) == 0 {
		return
	}
	if wait := lossesEvery - time.Since(l.told); wait > 0 {
		if l.timer == nil {
			l.timer = time.AfterFunc(wait, p.wake)
		}
		return
	}
	l.tell(p, stuck)
}

func (l *losses) tell(p *Pump, stuck bool) {
	if l.timer != nil {
		l.timer.Stop()
	}
	for service, n := range l.services {
		p.report(Trouble{
			Destination: p.name, Service: service, Dropping: stuck, DroppedLines: n.lines, DroppedBytes: n.bytes,
			Err: fmt.Errorf("%s takes nothing, or not enough", p.name),
		})
	}
	*l = losses{told: time.Now()}
}
