package output

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"supervise/config"
	"supervise/internal/sys"
	"supervise/supervisor/logs"
)

// Options say how to make outputs.
type Options struct {
	Stdout, Stderr int  // the supervisor's own: 1 and 2
	JSON           bool // the lines on the console are JSON objects
	Color          bool // the console is a terminal
	Services       []config.Service

	// Post makes the loop call a function soon. It is called on any goroutine, and must not
	// wait.
	Post     func(func())
	Observer Observer
}

// Observer gets reports about the output of services. Its methods are called on the loop,
// except for Trouble.
type Observer interface {
	// FallbackBegan says why the log file of a service cannot be opened.
	FallbackBegan(service string, err error)
	// FallbackEnded says that it can be opened now.
	FallbackEnded(service string)
	// Tail gets the last lines that a service wrote, at least one: [logs.Source.Tail].
	Tail(service string, lines []string)
	// Trouble says that a destination fails or recovers. It is called on any goroutine:
	// [logs.Options].
	Trouble(trouble logs.Trouble)
}

// Outputs is what all services share: the console, the open log files and the last lines
// of each service. Its methods belong to the loop, except for Open and Write.
type Outputs struct {
	logs           *logs.Logs
	console        *logs.Pump
	nowhere        *logs.Pump
	null           int // /dev/null, for reading
	stdout, stderr int
	post           func(func())
	observer       Observer
	routes         map[*Route]struct{} // all that are not closed
	fallbacks      map[*Route]struct{} // those that are in a fallback
	after          func(time.Duration, func())
	hanging        atomic.Bool // the last log file could not be opened in time
}

// New opens the console. The caller keeps the descriptors open.
func New(options Options) (*Outputs, error) {
	null, err := unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", os.DevNull, err)
	}
	o := &Outputs{
		null: null, stdout: options.Stdout, stderr: options.Stderr,
		post: options.Post, observer: options.Observer,
		routes: map[*Route]struct{}{}, fallbacks: map[*Route]struct{}{},
		after: func(wait time.Duration, f func()) { time.AfterFunc(wait, f) },
	}
	if o.logs, err = logs.New(logs.Options{Report: o.observer.Trouble, Missing: o.missing}); err != nil {
		sys.Close(null)
		return nil, err
	}
	if o.console, err = o.logs.Console(consoleOf(&options)); err == nil {
		o.nowhere, err = o.logs.Nowhere()
	}
	if err != nil {
		sys.Close(null)
		_ = o.logs.Close(context.Background())
		return nil, err
	}
	return o, nil
}

func consoleOf(options *Options) logs.Console {
	console := logs.Console{Stdout: options.Stdout, Stderr: options.Stderr, Color: options.Color, Format: logs.Text}
	if options.JSON {
		console.Format = logs.JSON
	}
	for i := range options.Services {
		service := &options.Services[i]
		if service.Log.Mode == config.Prefix {
			console.Width = max(console.Width, len(service.Name))
		}
	}
	return console
}

// Write writes lines of the supervisor itself to standard error, on any goroutine. It never
// waits and never fails: [logs.Pump.Write].
func (o *Outputs) Write(lines []byte) (int, error) { return o.console.Write(lines) }

// Hold has lines of the supervisor itself wait for each other for a moment, until Release:
// [logs.Pump.Hold].
func (o *Outputs) Hold() { o.console.Hold() }

// Release ends Hold.
func (o *Outputs) Release() { o.console.Release() }

// Last returns the last n lines that a service wrote, the oldest first, and at most
// [logs.MaxLines]; false if it has never written: [logs.Logs.Last].
func (o *Outputs) Last(service string, n int) ([]logs.Line, bool) { return o.logs.Last(service, n) }

// Follow calls f with the last n lines of a service, and then with every new line until stop
// is called. f is called on other goroutines, too, and must not wait: [logs.Logs.Follow].
func (o *Outputs) Follow(service string, n int, f func([]logs.Line)) (stop func()) {
	return o.logs.Follow(service, n, f)
}

// Missing returns the paths of the log files that cannot be opened at present.
func (o *Outputs) Missing() map[string]bool {
	files := make(map[string]bool, len(o.fallbacks))
	for r := range o.fallbacks {
		files[r.target.file] = true
	}
	return files
}

// missing is told that the file of a pump is gone and cannot be made again.
func (o *Outputs) missing(pump *logs.Pump, err error) {
	o.post(func() {
		for r := range o.routes {
			if r.pump == pump && r.target.file != "" {
				r.gone(err)
			}
		}
	})
}

// Close writes all remaining output and closes everything, but does not wait longer than ctx
// allows: [logs.Logs.Close]. Routes must not be used after it.
func (o *Outputs) Close(ctx context.Context) error {
	err := o.logs.Close(ctx)
	sys.Close(o.null)
	return err
}
