// Package logger writes the log of supervise run: how a line looks on a terminal and as JSON,
// and what the line about an entry of the journal has.
//
//	log := logger.New(os.Stderr, logger.Options{Level: zerolog.InfoLevel})
//	log.Warn().Str(logger.Service, "web").Msg("its log file is gone")
//	logger.Finish(logger.Line(&log, names, number, entry), entry) // what has happened, or was decided
//
// How much an entry matters says package severity, and its text comes from package journal.
package logger
