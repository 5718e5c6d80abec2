package supervisor

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/rs/zerolog"

	"supervise/config"
	"supervise/signals/intake"
	"supervise/supervisor/attribution"
	"supervise/supervisor/control"
	"supervise/supervisor/control/request"
	"supervise/supervisor/corecollect"
	"supervise/supervisor/host"
	"supervise/supervisor/journal/disk"
	"supervise/supervisor/logger"
	"supervise/supervisor/reach"
	"supervise/supervisor/rundir"
)

// Options say how to run a supervisor.
type Options struct {
	File    *config.File
	Version string // shown to clients
	Intake  *intake.Intake
	Level   zerolog.Level
	JSON    bool // log lines, and by default those of services, are JSON objects
	Color   bool // standard error is a terminal

	// RuntimeDir overrides the one in File, unless it is "".
	RuntimeDir string
}

// ErrLeftBehind is the error of [Run] when a shutdown could not end every process.
var ErrLeftBehind = errors.New("the shutdown has left processes behind, which the log names")

// Run supervises the services of a file until a shutdown has stopped them all, and returns
// the status to exit with: 0, unless the file says that it is another. An error says why it
// could not start, or is [ErrLeftBehind]; others are logged.
func Run(options Options) (status int, err error) {
	r := &run{options: &options}
	if err := r.open(); err != nil {
		r.abandon()
		return 0, fmt.Errorf("cannot start: %w", err)
	}
	status, left := r.loop.Run(r.booted)
	if rest := r.close(left > 0); rest || left > 0 {
		return status, ErrLeftBehind
	}
	return status, nil
}

// run is a loop on the real system, with what the loop itself does not know.
type run struct {
	options *Options
	loop    *Supervisor
	log     zerolog.Logger
	host    *host.Host
	dir     *rundir.Dir
	reach   *reach.Opening
	control *control.Server // nil: commands cannot be taken
	journal *disk.Writer    // nil: the journal is not written to disk

	cores *corecollect.Cores

	directoryMissing bool // the directory is about to be created again
}

// open acquires all that the loop needs. What it cannot do without comes first.
func (r *run) open() (err error) {
	path := cmp.Or(r.options.RuntimeDir, r.options.File.Supervisor.RuntimeDir, rundir.Default())
	if r.dir, err = rundir.Open(path); err != nil {
		return err
	}
	r.host, err = host.Open(host.Options{
		Intake: r.options.Intake, Services: r.options.File.Services,
		JSON: r.options.JSON, Color: r.options.Color, Observer: logger.Output{Log: &r.log},
		Warn: func(service, text string) { r.log.Warn().Str(logger.Service, service).Msg(text) },
	})
	if err != nil {
		return err
	}
	r.openLog()
	r.reach = reach.Begin(reach.Options{Dir: r.dir.Root(), File: r.options.File, Wake: r.host.Wake, Log: &r.log})
	if err := r.host.Supervise(r.dir.ID(), r.dir.Path); err != nil {
		r.log.Warn().Msg(err.Error())
	}
	r.killLeftovers()
	configuration, err := r.host.Prepare(r.options.File)
	if err != nil {
		return err
	}
	setup := Setup{
		Kernel: r.host, Configuration: configuration, Log: r.log, Logs: r.host.Outputs(),
		OOM: attribution.NewOOM(r.host.Began()),
		Self: request.Supervisor{
			PID: os.Getpid(), Version: r.options.Version, Since: r.host.Began(), File: r.options.File.Path,
		},
	}
	r.openJournal(&setup)
	r.loop = New(setup)
	r.openControl()
	r.watchDirectory()
	r.greet()
	r.cores = corecollect.Open(corecollect.Options{
		Host: r.host, File: r.options.File, Directory: r.dir.Path, Crashed: r.loop.Crashed, Log: r.log,
	})
	return nil
}

// openLog begins to log, with a column that all names of services fit into.
func (r *run) openLog() {
	width := 0
	for i := range r.options.File.Services {
		width = max(width, len(r.options.File.Services[i].Name))
	}
	r.log = logger.New(r.host.Outputs(), logger.Options{
		Level: r.options.Level, JSON: r.options.JSON, Color: r.options.Color, Width: width,
	})
}

// abandon releases what open has acquired.
func (r *run) abandon() {
	if r.reach != nil {
		r.reach.Abandon()
	}
	if r.host != nil {
		r.host.Abandon()
	}
	if r.dir != nil {
		_ = r.dir.Abandon()
	}
}

// killLeftovers kills what an earlier supervisor of this directory left running when it was
// killed itself: two copies of a service must never run.
func (r *run) killLeftovers() {
	marks := ""
	if r.dir.Killed() {
		marks = r.dir.ID() + "."
	}
	members, err := r.host.Leftovers(marks)
	for _, m := range members {
		r.log.Warn().Int("pid", m.PID).Str("comm", m.Name).Msg("killed: left behind by an earlier supervise in this runtime directory")
	}
	if err != nil {
		r.log.Error().Err(err).Msg("cannot look for processes that an earlier supervise left behind")
	}
}

// openControl lets clients command us, and see the status. Without it we supervise all the
// same. The FIFOs of services are made once these have been started.
func (r *run) openControl() {
	b, server := r.reach.Wait()
	if b != nil {
		r.loop.Show(b)
	}
	if server != nil {
		r.control = server
		r.loop.Take(server)
		server.Serve(r.loop.AnswerBeside)
	}
}

// greet logs what is run, and how.
func (r *run) greet() {
	file := r.options.File
	method, reason := r.host.Descendants()
	line := r.log.Info().Int("pid", os.Getpid()).Str("file", file.Path).Int("services", len(file.Services)).
		Str("runtime-dir", r.dir.Path).Stringer("intake", r.host.Intake()).Stringer("descendants", method)
	if reason != nil {
		line = line.Str("no-cgroup", reason.Error())
	}
	line.Msg("supervise starts")
	if r.dir.Exposed() {
		r.log.Warn().Str("runtime-dir", r.dir.Path).
			Msg("others can write in the runtime directory, and so keep commands from reaching supervise, or a next one from starting: chmod go-w")
	}
	for _, w := range file.Warnings {
		r.log.Warn().Str("file", file.Path+":"+strconv.Itoa(w.Line)).Str("key", w.Path).Str("hint", w.Hint).Msg(w.Message)
	}
}
