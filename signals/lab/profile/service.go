package profile

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"supervise/internal/programs"
	"supervise/internal/text/escape"
	"supervise/signals"
)

// Service returns the table of a service that fits the program, for the configuration of
// supervise run, with comments that say why.
func (p *Profile) Service(name string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[service.%s]\n", quoteKey(name))
	words := make([]string, len(p.Command))
	for i, word := range p.Command {
		words[i] = quote(word)
	}
	if p.find("start").Effect == Daemon {
		b.WriteString("# It goes into the background, where it cannot be supervised: " + escape.Line(programs.Foreground(p.Command, "")) + ".\n")
	}
	fmt.Fprintf(&b, "command = [%s]\n", strings.Join(words, ", "))
	reload := p.reloads()
	stop, group := p.stop()
	p.writeStop(&b, stop, group)
	if stop != nil && stop.Exit != nil && stop.Exit.Code != 0 {
		fmt.Fprintf(&b, "restart.success = [0, \"SIGTERM\", %d] # it exits with %d when it is told to stop\n", stop.Exit.Code, stop.Exit.Code)
	}
	if reload {
		fmt.Fprintf(&b, "\n[service.%s.signals]\nforward = { SIGHUP = \"SIGHUP\" } # it goes on after that, and has a handler for it\n", quoteKey(name))
	}
	return b.String()
}

// stop returns the probe whose signal is best to stop it: the first by which it ends and
// leaves nothing; or else the first by which it ends, for its whole group; or nil.
func (p *Profile) stop() (best *Probe, group bool) {
	for _, name := range []string{"SIGTERM", "SIGINT", "SIGQUIT"} {
		if one := p.find(name); one.Effect == Ends && len(one.Left) == 0 && len(one.Varies) == 0 {
			return one, false
		}
	}
	for _, name := range []string{"SIGTERM", "SIGINT", "SIGQUIT"} {
		if one := p.find(name); one.Effect == Ends {
			return one, true
		}
	}
	return nil, false
}

// writeStop writes how it is stopped, where that is not the default.
func (p *Profile) writeStop(b *strings.Builder, stop *Probe, group bool) {
	if stop == nil {
		b.WriteString("# Neither SIGTERM, SIGINT nor SIGQUIT has ended it: SIGKILL does.\nstop.timeout = \"1s\"\n")
		return
	}
	signal := stop.Signals[0]
	timeout := timeoutFor(stop.Took)
	switch {
	case group:
		fmt.Fprintf(b, "# %s to the main process alone leaves %s.\nstop.ladder = [{ signal = %q, scope = \"group\", timeout = %q }]\n",
			signal, escape.Line(strings.Join(stop.Left, ", ")), signal, timeout)
	case signal != signals.SIGTERM:
		fmt.Fprintf(b, "# SIGTERM does not end it well: %s.\nstop.signal = %q # it ended after %s\nstop.timeout = %q\n", why(p.find("SIGTERM")), signal, short(stop.Took), timeout)
	default:
		fmt.Fprintf(b, "stop.signal = %q # it ended after %s\nstop.timeout = %q\n", signal, short(stop.Took), timeout)
	}
}

// why says why a signal is not the one to stop it by.
func why(p *Probe) string {
	switch {
	case p.Error != "":
		return "it was not tried"
	case len(p.Left) > 0 && p.Effect == Ends:
		return "it leaves some of its processes"
	}
	return string(p.Effect)
}

// timeoutFor is how long a stop may take that has taken so long: much longer, as there was
// nothing to do.
func timeoutFor(took time.Duration) string {
	const least, times = 10 * time.Second, 10
	return max(least, (took * times).Round(time.Second)).String()
}

// reloads reports whether SIGHUP is handled, and does not end it.
func (p *Profile) reloads() bool {
	hup := p.find("SIGHUP")
	return hup.Error == "" && hup.Disposition == "caught" && hup.Effect != Ends && hup.Effect != Stops
}

func short(d time.Duration) string {
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	return d.Round(10 * time.Millisecond).String()
}

// quote returns a text as a basic string of TOML.
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// quoteKey returns a name as a key of TOML.
func quoteKey(name string) string {
	for _, r := range name {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", r) {
			return quote(name)
		}
	}
	if name == "" {
		return strconv.Quote(name)
	}
	return name
}
