package supervisor

import (
	"time"

	"supervise/supervisor/journal/disk"
)

// journalTime is how long the start waits for the journal's file system.
const journalTime = 5 * time.Second

// openJournal has the journal written to disk, and continued from what is there. Without it
// we supervise all the same, and so if its file system does not answer.
func (r *run) openJournal(setup *Setup) {
	settings := r.options.File.Supervisor
	if settings.Journal == "" {
		return
	}
	j, err := disk.OpenWithin(journalTime, settings.Journal, settings.JournalSize, journalSize, func(report disk.Report) {
		r.log.Error().Str("journal", settings.Journal).Msg(report.String())
	})
	if err != nil {
		r.log.Error().Err(err).Msg("the journal is kept in memory only")
		return
	}
	if j.Bad > 0 {
		r.log.Error().Int("lines", j.Bad).Str("journal", settings.Journal).Msg("some lines of the journal of earlier runs cannot be read")
	}
	r.journal, setup.Recorder, setup.Earlier = j.Writer, j.Writer, j.Earlier
}
