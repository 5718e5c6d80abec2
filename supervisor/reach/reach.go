package reach

import (
	"os"

	"github.com/rs/zerolog"

	"supervise/config"
	"supervise/supervisor/attribution"
	"supervise/supervisor/board"
	"supervise/supervisor/control"
	"supervise/supervisor/launch"
	"supervise/supervisor/threads"
)

// Options say where, and for whom.
type Options struct {
	Dir  *os.Root // the runtime directory
	File *config.File
	Wake func() // wakes the loop, when there is a command
	Log  *zerolog.Logger
}

// Opening is what is being made.
type Opening struct {
	log  *zerolog.Logger
	made chan struct{}
	told []func()

	board  *board.Board    // nil: there is none
	server *control.Server // nil: commands cannot be taken
}

// Begin begins. What cannot be made is logged by [Opening.Wait]: supervise goes on without it.
func Begin(options Options) *Opening {
	o := &Opening{log: options.Log, made: make(chan struct{})}
	go func() {
		defer close(o.made)
		threads.Wait() // without room for them the process ends here, and would leave queues and a segment behind
		o.make(&options)
	}()
	return o
}

// Wait waits until it is made, once, and logs how that went. What there is belongs to the caller.
func (o *Opening) Wait() (*board.Board, *control.Server) {
	<-o.made
	for _, tell := range o.told {
		tell()
	}
	return o.board, o.server
}

// Abandon removes it again.
func (o *Opening) Abandon() {
	<-o.made
	if o.server != nil {
		o.server.Close()
	}
	if o.board != nil {
		o.board.Close()
	}
}

func (o *Opening) make(options *Options) {
	settings, group := options.File.Control, -1
	if settings.Group != "" {
		gid, err := launch.Group(settings.Group)
		if err != nil {
			o.disabled(err)
			return
		}
		group = int(gid)
	}
	o.makeBoard(board.Options{Dir: options.Dir, Slots: len(options.File.Services), Mode: settings.Mode, Group: group})
	o.makeServer(control.Options{
		Dir: options.Dir, Mode: settings.Mode, Group: group,
		Wake: options.Wake, Look: attribution.NewClients().Look,
		Report: func(source string, err error) {
			o.log.Warn().Err(err).Str("source", source).Msg("a command is refused, or could not be read")
		},
	})
}

// tell has something logged later, in its place between the other lines of a start.
func (o *Opening) tell(log func()) { o.told = append(o.told, log) }

func (o *Opening) disabled(err error) {
	o.tell(func() { o.log.Error().Err(err).Msg("control is disabled: commands cannot be taken") })
}

func (o *Opening) makeBoard(options board.Options) {
	b, left, err := board.Create(options)
	if err != nil {
		o.tell(func() { o.log.Error().Err(err).Msg("there is no status board") })
		return
	}
	if left > 0 {
		o.tell(func() {
			o.log.Warn().Int("objects", left).Msg("removed the status board of an earlier supervise in this runtime directory that was killed")
		})
	}
	o.board = b
}

func (o *Opening) makeServer(options control.Options) {
	server, left, err := control.Open(options)
	if err != nil {
		o.disabled(err)
		return
	}
	if left != (control.Leftovers{}) {
		o.tell(func() {
			o.log.Warn().Int("queues", left.Queues).Int("fifos", left.FIFOs).
				Msg("cleaned up after an earlier supervise in this runtime directory that was killed")
		})
	}
	o.server = server
}
