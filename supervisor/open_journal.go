package supervisor

import (
	"fmt"
	"time"

	"supervise/supervisor/journal"
	"supervise/supervisor/journal/disk"
)

// openJournal has the journal written to disk, and continued from what is there. Without it
// we supervise all the same, and so if its file system does not answer.
func (r *run) openJournal(setup *Setup) {
	settings := r.options.File.Supervisor
	if settings.Journal == "" {
		return
	}
	opened := make(chan *openedJournal, 1)
	go func() {
		opened <- openJournal(settings.Journal, settings.JournalSize, func(report disk.Report) {
			r.log.Error().Str("journal", settings.Journal).Msg(report.String())
		})
	}()
	var j *openedJournal
	select {
	case j = <-opened:
	case <-time.After(journalTime):
		err := fmt.Errorf("%s has not answered for %v; is it on a file system whose server is gone?", settings.Journal, journalTime)
		j = &openedJournal{err: err}
		go func() {
			if late := <-opened; late.err == nil {
				_ = late.writer.Close(0) // the memory has gone on without it
			}
		}()
	}
	if j.err != nil {
		r.log.Error().Err(j.err).Msg("the journal is kept in memory only")
		return
	}
	if j.bad > 0 {
		r.log.Error().Int("lines", j.bad).Str("journal", settings.Journal).Msg("some lines of the journal of earlier runs cannot be read")
	}
	r.journal, setup.Recorder, setup.Earlier = j.writer, j.writer, j.earlier
}

// journalTime is how long the start waits for the journal's file system.
const journalTime = 5 * time.Second

// openedJournal is a journal, and what of it was there before.
type openedJournal struct {
	writer  *disk.Writer
	earlier []journal.Record
	bad     int // lines that cannot be read
	err     error
}

func openJournal(path string, size int64, report func(disk.Report)) *openedJournal {
	j := &openedJournal{}
	if j.writer, j.err = disk.Open(path, size, report); j.err == nil {
		j.earlier, j.bad = j.writer.Earlier(journalSize)
	}
	return j
}
