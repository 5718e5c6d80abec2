//go:build !slim

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"supervise/config"
	"supervise/config/accounts"
	"supervise/coredump/collector"
	"supervise/coredump/order"
	"supervise/coredump/report"
	"supervise/coredump/store"
	"supervise/internal/size"
	"supervise/internal/text/escape"
	"supervise/supervisor/rundir"
)

// coreServe collects the cores of a machine.
type coreServe struct {
	config.Collection
	collect, capture, compress string
	log                        zerolog.Logger
}

func newCoreServe() *cobra.Command {
	var s coreServe
	var file, format, dir string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Collect the cores of all processes of this machine",
		Long: `Collect the cores of all processes of this machine, in the store that 'core list' and the
others read, until SIGTERM or SIGINT. It stands in for systemd-coredump.

The cores come in the best way that the kernel has: by its coredump socket with requests
(Linux 6.17) or without (6.16), or by a handler behind a pipe. With --install it sets
core_pattern itself, and puts back at the end what was there before. Without, core_pattern must
lead here already; the error says what to set.

The flags are the keys of the table [core] of a configuration file. --config reads that table;
a flag beside it overrides its key. At the end, cores that are being written may take --timeout;
then they are cut short.

Exit status: 0 after a signal, 1 when it cannot collect, 2 for a wrong command line or file.`,
		Example: `  supervise core serve --install
  supervise core serve --config /etc/supervise/services.toml
  supervise core serve --install --capture mini --max-use 200MB --on-core /usr/local/bin/notify`,
		Args:              exactly(),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file != "" {
				if err := s.load(cmd, file); err != nil {
					return err
				}
			}
			s.log = coreLogger(os.Stderr, format)
			return s.serve(cmp.Or(dir, rundir.Default()))
		},
	}
	s.flags(cmd)
	cmd.Flags().StringVar(&file, "config", "", "read the table [core] of the configuration `FILE`")
	cmd.Flags().StringVar(&dir, "runtime-dir", "", "the `DIRECTORY` of the socket; the default is that of run")
	cmd.Flags().Var(newChoice(&format, "auto", "auto", "text", "json"), "log-format", "text, json, or auto: text on a terminal")
	_ = cmd.RegisterFlagCompletionFunc("log-format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.MarkFlagFilename("config", "toml")
	_ = cmd.MarkFlagDirname("runtime-dir")
	_ = cmd.MarkFlagDirname("directory")
	return cmd
}

// flags adds those of the table [core].
func (s *coreServe) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	word := func(name string, into *string, usage string, words ...string) {
		f.Var(newChoice(into, words[0], words...), name, usage+": "+strings.Join(words, ", "))
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	}
	word("collect", &s.collect, "how cores come", "auto", "socket", "pipe")
	word("capture", &s.capture, "what is kept", string(order.MiniAndFull), string(order.Mini), string(order.Full), string(order.Nothing))
	word("compress", &s.compress, "when a full core is compressed", string(order.Zstd), string(order.Inline), string(order.NoCompression))
	f.BoolVar(&s.Install, "install", false, "set core_pattern, and put it back at the end")
	f.BoolVar(&s.Force, "force", false, "with --install, replace the core_pattern of another program, too")
	f.StringVar(&s.Directory, "directory", order.Directory, "the store, a `DIRECTORY`")
	defaults := order.Default()
	bytes := func(name string, into *int64, initial int64, usage string) {
		*into = initial
		f.Var((*sizeFlag)(into), name, usage+"; 0 for no limit")
	}
	bytes("max-use", &s.MaxUse, defaults.Limits.MaxUse, "how much all cores may take on the disk")
	bytes("keep-free", &s.KeepFree, defaults.Limits.KeepFree, "how much of the file system stays free")
	bytes("max-core", &s.MaxCore, defaults.Limits.MaxCore, "how large one core may be")
	s.MaxAge, s.Timeout = defaults.Limits.MaxAge, defaults.Timeout
	f.Var((*ageFlag)(&s.MaxAge), "max-age", "how old a core gets: 12h, 30d; 0 for no limit")
	f.DurationVar(&s.Timeout, "timeout", s.Timeout, "the `DURATION` that a full core may take, and at the end all together")
	f.StringArrayVar(&s.OnCore, "on-core", nil, "run `PROGRAM` after each crash, with the report as JSON on its standard input; give it again for each argument")
}

// sizeFlag is a size in bytes.
type sizeFlag int64

func (v *sizeFlag) String() string { return size.Format(int64(*v)) }
func (v *sizeFlag) Type() string   { return "SIZE" }

func (v *sizeFlag) Set(text string) error {
	n, err := size.Parse(text)
	if err == nil && n > 1<<62 {
		err = fmt.Errorf("%s is too large", text)
	}
	if err == nil {
		*v = sizeFlag(n)
	}
	return err
}

// load reads the table of a file, and after that the flags again, which count more.
func (s *coreServe) load(cmd *cobra.Command, file string) error {
	table, err := config.LoadCollection(file, accounts.Host{})
	if err != nil {
		return err
	}
	if table == nil {
		return usageError{fmt.Errorf("there is no table [core] in %s", file)}
	}
	flags := *s
	s.Collection = *table
	s.collect, s.capture, s.compress = table.Collect.String(), string(table.Capture), string(table.Compress)
	for name, take := range map[string]func(){
		"collect": func() { s.collect = flags.collect }, "capture": func() { s.capture = flags.capture },
		"compress": func() { s.compress = flags.compress }, "install": func() { s.Install = flags.Install },
		"force": func() { s.Force = flags.Force }, "directory": func() { s.Directory = flags.Directory },
		"max-use": func() { s.MaxUse = flags.MaxUse }, "keep-free": func() { s.KeepFree = flags.KeepFree },
		"max-core": func() { s.MaxCore = flags.MaxCore }, "max-age": func() { s.MaxAge = flags.MaxAge },
		"timeout": func() { s.Timeout = flags.Timeout }, "on-core": func() { s.OnCore = flags.OnCore },
	} {
		if cmd.Flags().Changed(name) {
			take()
		}
	}
	return nil
}

// serve collects until a signal comes.
func (s *coreServe) serve(dir string) error {
	// Without a store each core would be refused, of the whole machine.
	if err := store.Check(s.Directory); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer stop()
	c, err := collector.Open(collector.Options{
		Want: collector.Way(s.collect), Install: s.Install, Force: s.Force, Directory: dir, Store: s.Directory,
		Decide: s.decide, Progress: s.progress, Log: s.message,
	})
	if err != nil {
		return err
	}
	if held := c.Held(); held.Way != collector.Socket && held.Way != collector.Pipe {
		_ = c.Close(ctx)
		return nothingComes(held)
	}
	// A directory that cannot be a store is said now, and core watch has something to watch.
	made, err := store.Create(s.Directory)
	if err != nil {
		return errors.Join(err, c.Close(ctx))
	}
	made.Close()
	s.log.Info().Str("way", heldWords(c.Held())).Str("core_pattern", c.Held().Pattern).Str("directory", s.Directory).Msg("collecting cores")
	<-ctx.Done()
	stop() // a second signal ends it at once
	s.log.Info().Msg("told to stop: no further cores are taken")
	limit, cancel := context.WithTimeout(context.Background(), s.Timeout)
	defer cancel()
	return c.Close(limit)
}

// nothingComes says why no core would come.
func nothingComes(held collector.Held) error {
	text := fmt.Sprintf("no core would come here: core_pattern is %q", held.Pattern)
	for _, better := range held.Better {
		if better.Pattern != "" {
			return fmt.Errorf("%s; have it set with --install, or set it: sysctl -w kernel.core_pattern='%s'", text, better.Pattern)
		}
	}
	for _, better := range held.Better {
		if better.Way != "files" {
			text += "\n  " + better.Way + ": " + better.Reason
		}
	}
	return fmt.Errorf("%s", text)
}

func heldWords(held collector.Held) string {
	if held.Requests {
		return "socket with requests"
	}
	return string(held.Way)
}

// decide is the same for all.
func (s *coreServe) decide(collector.Crash) order.Order {
	return order.Order{
		Directory: s.Directory, Capture: order.Capture(s.capture), Compress: order.Compression(s.compress),
		Limits:  order.Limits{MaxCore: s.MaxCore, MaxUse: s.MaxUse, KeepFree: s.KeepFree, MaxAge: s.MaxAge},
		Timeout: s.Timeout, OnCore: s.OnCore,
	}
}

// progress logs a crash once, when all is known.
func (s *coreServe) progress(o order.Order, p order.Progress) {
	if p.Stage != order.Stored || p.Report == nil {
		return
	}
	r := p.Report
	line := s.log.Info()
	if r.Core.State == report.Truncated || r.Core.State == report.Refused && o.Refuse == "" && o.Capture != order.Nothing {
		line = s.log.Warn()
	}
	line.Int("pid", o.PID).Str("exe", r.Exe).Int("uid", r.UID).Str("core", r.ID).Msg(crashLine(r))
}

// crashLine says in one line what crashed, and what is kept of it.
func crashLine(r *report.Report) string {
	name := r.Exe
	if name == "" {
		name = "a process"
	}
	text := fmt.Sprintf("%s (pid %d) crashed", name, r.PID)
	if r.Signal != "" {
		text += ": " + r.Summary()
	}
	if kept := r.Kept(); kept != "" {
		text += "; " + kept
	}
	return text
}

func (s *coreServe) message(m collector.Message) {
	line := s.log.Info()
	if m.Severity == collector.Warning {
		line = s.log.Warn()
	}
	if m.PID != 0 {
		line = line.Int("pid", m.PID)
	}
	line.Msg(m.Text)
}

// coreLogger returns a logger of JSON objects, or of lines for humans.
func coreLogger(to *os.File, format string) zerolog.Logger {
	zerolog.TimeFieldFormat = "2006-01-02T15:04:05.000Z07:00"
	var out io.Writer = escape.JSON{To: to}
	if format == "text" || format == "auto" && isTerminal(to) {
		out = zerolog.ConsoleWriter{
			Out: escape.Screen{To: to}, NoColor: !colored(int(to.Fd())), TimeFormat: time.TimeOnly + ".000",
			FieldsExclude: []string{"pid", "exe", "core"}, // they are in the message
		}
	}
	return zerolog.New(out).With().Timestamp().Logger()
}
