package journal

import (
	"time"

	"supervise/config"
	"supervise/supervisor/machine"
)

// Recorder writes the records of a journal to disk.
type Recorder interface {
	// Record takes a record. It does not wait.
	Record(Record)
	// Due reports whether a header is due: a new file begins, or records were lost.
	Due() bool
}

// RecordTo records everything that is added from now on. header returns Version, PID, Seed,
// Configuration and Machine of a header. It is called now, and after a step when a header is
// due.
func (j *Journal) RecordTo(to Recorder, header func() Header) {
	j.recorder, j.header = to, header
	j.recordHeader()
}

func (j *Journal) recordHeader() {
	h := j.header()
	h.Run, h.Now, h.Configuration = j.began, j.now, machine.Relevant(h.Configuration)
	if j.step == 0 { // a new machine with this seed is the same
		h.Machine = nil
	}
	j.recorder.Record(Record{Header: &h})
}

// Offered records what was offered to the machine.
func (j *Journal) Offered(revision machine.Revision, file *config.File, restart []string) {
	if j.recorder != nil {
		j.recorder.Record(Record{Offer: &Offer{Offer: revision, Restart: restart, Configuration: machine.Relevant(file)}})
	}
}

// recordStep records the present step, and a header after it if one is due.
func (j *Journal) recordStep(actions []machine.Action) {
	if j.recorder == nil {
		return
	}
	s := &Step{Number: j.step, Now: j.now, Event: j.event}
	s.Actions = append(s.Actions, actions...)
	if j.recorder.Record(Record{Step: s}); j.recorder.Due() {
		j.recordHeader()
	}
}

func (j *Journal) recordEntry(id uint64, k kept) {
	if j.recorder != nil {
		j.recorder.Record(Record{entry: &line{id, j.began.Add(k.time).UnixNano(), k}})
	}
}

// Resume continues the journal of earlier runs, whose records are given, the oldest first. It
// is called before anything is added. Of their entries it keeps the last ones, up to the
// limit of the journal, and from the last gap in their numbers on.
func (j *Journal) Resume(earlier []Record) {
	for _, r := range earlier {
		l := r.entry
		if l == nil {
			continue
		}
		if l.id != j.next {
			j.kept, j.base, j.next = nil, l.id, l.id
		}
		k := l.kept
		k.time, k.step = time.Unix(0, l.time).Sub(j.began), 0
		j.keep(k)
	}
	j.boot = j.next
}
