package collector

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"supervise/coredump"
	"supervise/coredump/settings"
	"supervise/coredump/socket"
)

// way is one of those that need something in core_pattern, best first.
type way struct {
	name     string
	way      Way
	requests bool
}

var ways = []way{
	{"socket with requests", Socket, true},
	{"socket", Socket, false},
	{"pipe", Pipe, false},
	{"files", Files, false},
}

// wanted reports whether a way is among those that were asked for.
func (w way) wanted(want Way) bool { return want == Auto || want == w.way }

// leftOut reports whether a test does without it.
func (o *Options) leftOut(w way) bool {
	switch w.way {
	case Socket:
		return o.Without.Socket || w.requests && o.Without.Requests
	case Pipe:
		return o.Without.Pipe
	case Files:
		return o.Without.Files
	case Auto, Off:
	}
	return false
}

// resolve follows the links in the directory, as the kernel does not.
func (o *Options) resolve() {
	if real, err := filepath.EvalSymlinks(o.Directory); err == nil {
		o.Directory = real
	}
}

// settingsFile is where the settings are kept that were changed.
func (o *Options) settingsFile() string { return filepath.Join(o.Directory, settings.FileName) }

// socketPath is where the kernel, or the handler that it starts, finds us.
func (o *Options) socketPath() string { return filepath.Join(o.Directory, SocketName) }

// choose takes the best way there is.
func (c *Collector) choose() error {
	o := &c.options
	c.held = Held{Way: Off}
	if o.Want == Off {
		return nil
	}
	if !o.Install {
		// A collector that was killed may have left its settings. They are nobody's now.
		if _, err := settings.Restore(o.settingsFile()); err != nil {
			c.log(Warning, 0, "%v", err)
		}
	}
	kernel, err := settings.Read()
	if err != nil {
		return err
	}
	for _, w := range ways {
		err := c.try(w, kernel)
		if err == nil {
			break
		}
		c.held.Better = append(c.held.Better, notHeld(w, err))
	}
	if now, err := settings.Read(); err == nil {
		c.held.Pattern = now.Pattern
	}
	if c.held.Way == Off && o.Want != Auto {
		return c.held.reason(o.Want)
	}
	return nil
}

// reason says why what was asked for cannot be had.
func (h *Held) reason(want Way) error {
	var all error
	for _, w := range ways {
		i := slices.IndexFunc(h.Better, func(n NotHeld) bool { return n.Way == w.name })
		if w.way == want && i >= 0 {
			all = errors.Join(all, fmt.Errorf("%s: %s", w.name, h.Better[i].Reason))
		}
	}
	return all
}

// try begins to collect in one way.
func (c *Collector) try(w way, kernel settings.Kernel) error {
	if err := c.options.possible(w, kernel); err != nil {
		return err
	}
	ours := c.options.holds(w, kernel)
	if ours != nil && (!c.options.Install || w.way == Files) {
		return ours
	}
	if err := c.listen(w); err != nil {
		return err
	}
	if c.options.Install && w.way != Files {
		if err := c.install(w); err != nil {
			c.unlisten()
			return err
		}
	}
	c.held.Way, c.held.Requests = w.way, w.requests
	return nil
}

// possible says why the kernel, or the options, rule out a way.
func (o *Options) possible(w way, kernel settings.Kernel) error {
	switch {
	case !w.wanted(o.Want):
		return fmt.Errorf("collect is %q", string(o.Want))
	case o.leftOut(w):
		return errors.New("a test does without")
	case w.way == Socket && !kernelKnowsSockets():
		return errors.New("the kernel has no coredump sockets, which came with Linux 6.16")
	case w.requests && !kernel.Requests:
		return errors.New("the kernel's coredump socket has no requests, which came with Linux 6.17")
	}
	return nil
}

// kernelKnowsSockets asks the kernel: what PIDFD_GET_INFO says about dumps came with sockets.
// An older kernel takes "@/path" for a file.
func kernelKnowsSockets() bool {
	fd, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	info, err := socket.GetInfo(fd)
	return err == nil && info.HasDumped
}

// holds says why core_pattern, as it is, does not lead to us in a way.
func (o *Options) holds(w way, kernel settings.Kernel) error {
	p, err := coredump.ParsePattern(kernel.Pattern)
	if err != nil {
		return err
	}
	path := o.socketPath()
	switch {
	case w.way == Socket && (p.Kind == coredump.RequestSocket) == w.requests && p.Kind != coredump.Pipe && p.Path() == path:
		return nil
	case w.way == Pipe && p.Kind == coredump.Pipe && slices.Contains(words(p), path):
		return nil
	case w.way == Files && p.Kind == coredump.File:
		if problem := p.Problem(kernel.UsesPID); problem != "" {
			return fmt.Errorf("core_pattern %q never gives a core: %s", kernel.Pattern, problem)
		}
		return nil
	}
	if w.way == Files {
		return fmt.Errorf("core_pattern is %q: set it to the path of a file, such as core.%%p", kernel.Pattern)
	}
	needed, err := o.pattern(w)
	if err != nil {
		return err
	}
	return &elsewhereError{kernel.Pattern, needed}
}

// tellLoss says that core_pattern, of 127 bytes, has no room for the store. Without it a handler that
// finds nobody to ask cannot keep a core.
func (c *Collector) tellLoss() {
	if text, err := c.options.pattern(way{way: Pipe}); err == nil && c.options.Store != "" && !strings.HasSuffix(text, " "+coredump.EscapePattern(c.options.Store)) {
		c.log(Warning, 0, "core_pattern has no room for the directory of cores: while no supervise runs, none is kept; put supervise, its runtime directory or that of cores at a shorter path")
	}
}

// elsewhereError says that core_pattern leads elsewhere.
type elsewhereError struct{ pattern, needed string }

func (e *elsewhereError) Error() string {
	return fmt.Sprintf("core_pattern is %q: with install = true it is set while supervise runs; or set it for good: sysctl -w kernel.core_pattern='%s'", e.pattern, e.needed)
}

// notHeld says why a way is not used.
func notHeld(w way, err error) NotHeld {
	n := NotHeld{Way: w.name, Reason: err.Error()}
	if elsewhere := (*elsewhereError)(nil); errors.As(err, &elsewhere) {
		n.Pattern = elsewhere.needed
	}
	return n
}

// words are those of a pipe without specifiers.
func words(p coredump.Pattern) (list []string) {
	for _, word := range p.Words {
		if len(word) == 1 && word[0].IsText {
			list = append(list, word[0].Text)
		}
	}
	return list
}

// pattern is the core_pattern of a way.
func (o *Options) pattern(w way) (string, error) {
	switch {
	case w.requests:
		return "@@" + o.socketPath(), nil
	case w.way == Socket:
		return "@" + o.socketPath(), nil
	}
	argv := o.Handler
	if len(argv) == 0 {
		self, err := os.Executable()
		if err != nil {
			return "", err
		}
		argv = []string{self, "core", "handler"}
	}
	text := "|"
	for _, word := range argv {
		text += coredump.EscapePattern(word) + " "
	}
	text += coredump.EscapePattern(o.socketPath()) + " p=%P t=%I s=%s d=%d f=%F"
	if store := " " + coredump.EscapePattern(o.Store); o.Store != "" && len(text)+len(store) <= coredump.MaxPattern {
		text += store
	} // else there is no room for it: see tellLoss
	if len(text) > coredump.MaxPattern {
		return "", fmt.Errorf("core_pattern would have %d bytes, of which the kernel keeps %d: %s; put supervise or its runtime directory at a shorter path", len(text), coredump.MaxPattern, text)
	}
	return text, nil
}

// pipeLimit is kernel.core_pipe_limit while a pipe is installed. With 0 the kernel does not
// wait for handlers, which could then not read /proc; beyond the limit cores are lost.
const pipeLimit = "1024"

// install makes core_pattern lead to us.
func (c *Collector) install(w way) error {
	text, err := c.options.pattern(w)
	if err != nil {
		return err
	}
	change := settings.Change{settings.Pattern: text}
	if w.way == Pipe {
		change[settings.PipeLimit] = pipeLimit
	}
	if c.options.SetID {
		change[settings.SuidDumpable] = "2"
	}
	file := c.options.settingsFile()
	if err := settings.Set(file, change, c.options.Force); err != nil {
		return err
	}
	c.restore = func() error {
		left, err := settings.Restore(file)
		for setting, value := range left {
			c.log(Warning, 0, "%s was changed meanwhile, and stays: %q", setting, value)
		}
		return err
	}
	return nil
}

// Probe says which way [Open] would take without Install, and why not a better one. It changes
// nothing.
func Probe(options Options) Held {
	h := Held{Way: Off}
	options.resolve()
	kernel, err := settings.Read()
	if err != nil {
		h.Better = append(h.Better, NotHeld{Way: "files", Reason: err.Error()})
		return h
	}
	h.Pattern = kernel.Pattern
	for _, w := range ways {
		err := options.possible(w, kernel)
		if err == nil {
			err = options.holds(w, kernel)
		}
		if err == nil {
			h.Way, h.Requests = w.way, w.requests
			break
		}
		h.Better = append(h.Better, notHeld(w, err))
	}
	return h
}
