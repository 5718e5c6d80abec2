package sim

import (
	"supervise/supervisor/journal"
	"supervise/supervisor/journal/replay"
)

// journalRecorder is where the loop's journal is recorded. It implements [journal.Recorder].
type journalRecorder struct {
	w      *world
	replay replay.Replay
	text   []byte
}

var _ journal.Recorder = (*journalRecorder)(nil)

// Due is never true: nothing is lost.
func (r *journalRecorder) Due() bool { return false }

// replayed is in how many worlds, one of them, what is recorded is decided again.
const replayed = 100

// Record shows the world each step, and now and then has it written down, read, and decided
// again.
func (r *journalRecorder) Record(record journal.Record) {
	if r.w.seed%replayed == 0 {
		r.replayOne(record)
	}
	if record.Step != nil {
		r.w.observe(record.Step)
	}
}

func (r *journalRecorder) replayOne(record journal.Record) {
	var err error
	if r.text, err = record.AppendTo(r.text[:0]); err != nil {
		r.w.fail(nil, "what happens cannot be written down: %w", err)
		return
	}
	decision, err := r.replay.Feed(journal.ReadRecord(r.text))
	switch {
	case err != nil:
		r.w.fail(nil, "it is recorded as %s, which cannot be replayed: %w", r.text, err)
	case decision != nil && !decision.Same():
		r.w.fail(nil, "it is recorded as %s, and decided again it is otherwise: %v", r.text, decision.Now)
	}
}
