package programs

import (
	"slices"
	"strings"

	"supervise/signals"
)

// Rung is one step of a stop: a signal for the main process, or for all of its group or tree.
type Rung struct {
	Signal signals.Signal
	Whole  bool
}

// Hazard is a reason for which a service does not stop as its ladder says.
type Hazard struct {
	Text string // what happens, as a sentence about the command
	Hint string // what to write instead
}

// Hazards says what is known of how a command stops by a ladder: of its program, and of each
// that it runs through.
func Hazards(command []string, ladder []Rung) []Hazard {
	var found []Hazard
	for rest := unwrap(command); len(rest) > 0; {
		p := stopped{name: Base(rest[0]), args: rest[1:], ladder: ladder}
		short := withoutVersion(p.name)
		for _, known := range hazards {
			if !slices.Contains(known.names, p.name) && !slices.Contains(known.names, short) {
				continue
			}
			if h, ok := known.of(&p); ok {
				found = append(found, h)
			}
		}
		rest = unwrap(p.inner)
	}
	return found
}

// stopped is a program that is told to stop.
type stopped struct {
	name   string
	args   []string
	ladder []Rung
	inner  []string // the command that it runs, as far as that can be seen
}

// hazards is what is known of some programs.
var hazards = []struct {
	names []string // without versions
	of    func(*stopped) (Hazard, bool)
}{
	{[]string{"gunicorn", "haproxy", "mariadbd", "memcached", "mongod", "mysqld", "php-fpm", "redis-server", "setsid", "start-stop-daemon", "unicorn", "uwsgi", "valkey-server"}, background},
	{[]string{"npm", "pnpm", "yarn", "yarnpkg", "npx", "pnpx", "bunx"}, packageRunner},
	{[]string{"go"}, goRun},
	{shells, shell},
	{[]string{"su", "runuser"}, switchUser},
	{[]string{"strace"}, strace},
	{[]string{"uwsgi", "uwsgi-core"}, uwsgi},
	{[]string{"nginx"}, nginx},
	{[]string{"redis-server", "valkey-server"}, redis},
	{[]string{"apache", "apache2", "httpd", "apache2ctl", "apachectl"}, apache},
	{[]string{"php-fpm"}, phpFPM},
	{[]string{"haproxy", "java", "mariadbd", "memcached", "nginx", "php-fpm", "postgres", "postmaster", "redis-server", "rsyslogd", "valkey-server"}, wrongSignal},
}

// hears reports whether a rung sends one of these signals to anybody.
func (p *stopped) hears(some ...signals.Signal) (which signals.Signal, yes bool) {
	for _, rung := range p.ladder {
		for _, s := range some {
			if rung.Signal == s {
				return s, true
			}
		}
	}
	return 0, false
}

// sends reports whether a rung sends one of these signals to the main process alone.
func (p *stopped) sends(some ...signals.Signal) (which signals.Signal, yes bool) {
	for _, rung := range p.ladder {
		for _, s := range some {
			if rung.Signal == s && !rung.Whole {
				return s, true
			}
		}
	}
	return 0, false
}

// has reports whether an argument is one of these, with or without =value.
func (p *stopped) has(some ...string) bool {
	for _, arg := range p.args {
		name, _, _ := strings.Cut(arg, "=")
		for _, s := range some {
			if name == s {
				return true
			}
		}
	}
	return false
}

// inBackground are programs, each with the options that send it there.
var inBackground = []string{
	"gunicorn --daemon -D", "haproxy -D", "mariadbd --daemonize", "memcached -d --daemon", "mongod --fork", "mysqld --daemonize",
	"php-fpm --daemonize -D", "redis-server --daemonize", "setsid --fork -f", "start-stop-daemon --background -b",
	"unicorn --daemonize -D", "uwsgi --daemonize -d", "valkey-server --daemonize",
}

// background is for a program that is told to go there.
func background(p *stopped) (h Hazard, ok bool) {
	advice, _ := daemons.of(withoutVersion(p.name))
	for i, arg := range p.args {
		option, _, _ := strings.Cut(arg, "=")
		if !sendsThere(withoutVersion(p.name), option) || i+1 < len(p.args) && p.args[i+1] == "no" {
			continue
		}
		return Hazard{Text: p.name + " goes into the background with " + option + ", where it cannot be supervised", Hint: advice}, true
	}
	return h, false
}

func sendsThere(name, option string) bool {
	for _, known := range inBackground {
		if words := strings.Fields(known); words[0] == name {
			return slices.Contains(words[1:], option)
		}
	}
	return false
}

// packageRunner is for what runs the scripts of package.json.
func packageRunner(p *stopped) (h Hazard, ok bool) {
	if p.name != "npx" && p.name != "pnpx" && p.name != "bunx" {
		verb := firstPlain(p.args)
		if verb == "" || slices.Contains(withoutScript, verb) {
			return h, false
		}
	}
	if _, ok = p.sends(signals.SIGTERM, signals.SIGINT, signals.SIGQUIT, signals.SIGHUP); !ok {
		return h, false
	}
	return Hazard{
		Text: p.name + " ends at once when it is told to, and does not tell the program that it has started",
		Hint: `run the program itself, as package.json does: command = ["node", "server.js"]`,
	}, true
}

// withoutScript are the commands of npm and its likes that start nothing which stays.
var withoutScript = []string{"install", "ci", "i", "add", "--version", "-v", "publish", "audit", "prune"}

// firstPlain is the first argument that is no option.
func firstPlain(args []string) string {
	for _, arg := range args {
		if !strings.HasPrefix(arg, "-") {
			return arg
		}
	}
	return ""
}

func goRun(p *stopped) (h Hazard, ok bool) {
	if firstPlain(p.args) != "run" {
		return h, false
	}
	if _, ok = p.sends(signals.SIGTERM, signals.SIGHUP); !ok {
		return h, false
	}
	return Hazard{
		Text: "go run ends at once when it is told to, and does not tell the program that it has started",
		Hint: "build the program with go build, and run that",
	}, true
}

// shell is for one that waits for a command while it is told to stop.
func shell(p *stopped) (h Hazard, ok bool) {
	script, found := shellScript(p.args)
	if !found {
		return h, false
	}
	if last, alone := replaced(script); alone {
		p.inner = last
		return h, false
	}
	signal, ok := p.sends(signals.SIGINT, signals.SIGQUIT)
	if !ok || strings.Contains(script, "trap ") {
		return h, false
	}
	return Hazard{
		Text: p.name + " waits for its commands, and " + signal.String() + " to it alone is not passed on to them",
		Hint: `write exec before the last command, or scope = "group" for that signal`,
	}, true
}

// shellScript is the argument of -c.
func shellScript(args []string) (script string, found bool) {
	for i, arg := range args {
		if strings.HasPrefix(arg, "-") && !strings.HasPrefix(arg, "--") && strings.HasSuffix(arg, "c") && i+1 < len(args) {
			return args[i+1], true
		}
		if !strings.HasPrefix(arg, "-") {
			return "", false
		}
	}
	return "", false
}

// replaced returns the command that takes the shell's place: that after exec, or one that is
// all of the script.
func replaced(script string) (command []string, ok bool) {
	script = strings.TrimSpace(script)
	rest := script
	if i := strings.LastIndexAny(script, ";&|\n"); i >= 0 {
		rest = script[i+1:]
	}
	words := strings.Fields(rest)
	switch {
	case len(words) > 1 && words[0] == "exec":
		return words[1:], true
	case rest == script && len(words) > 0 && !strings.ContainsAny(script, "(){}"):
		return words, true
	}
	return nil, false
}

func switchUser(p *stopped) (h Hazard, ok bool) {
	if _, ok = p.hears(signals.SIGTERM, signals.SIGINT, signals.SIGQUIT); !ok {
		return h, false
	}
	return Hazard{
		Text: p.name + " kills what it runs two seconds after it was told to stop, whatever the timeout is",
		Hint: `leave it out, and write user = "NAME"`,
	}, true
}

func strace(p *stopped) (h Hazard, ok bool) {
	writes := p.has("-o", "--output") || hasPrefix(p.args, "-o")
	interruptible := p.has("-I", "--interruptible") || hasPrefix(p.args, "-I")
	if _, ok = p.sends(signals.SIGTERM, signals.SIGINT, signals.SIGQUIT, signals.SIGHUP); !ok || !writes || interruptible {
		return h, false
	}
	return Hazard{Text: "strace -o blocks the signals that are to stop it", Hint: "write strace -I 2 -o FILE"}, true
}

func hasPrefix(args []string, prefix string) bool {
	for _, arg := range args {
		if strings.HasPrefix(arg, prefix) && !strings.HasPrefix(arg, "--") {
			return true
		}
	}
	return false
}

func uwsgi(p *stopped) (h Hazard, ok bool) {
	signal, ok := p.hears(signals.SIGTERM)
	master := p.has("--master", "-M", "--emperor")
	if !ok || !master || p.has("--die-on-term") {
		return h, false
	}
	return Hazard{
		Text: "uwsgi with a master starts anew upon " + signal.String() + " instead of stopping",
		Hint: `add --die-on-term, or write stop.signal = "SIGINT"`,
	}, true
}

// nginx knows what it is told at its command line, not what stands in its configuration.
func nginx(p *stopped) (h Hazard, ok bool) {
	for i, arg := range p.args {
		directives := strings.TrimPrefix(arg, "-g")
		if arg == "-g" && i+1 < len(p.args) {
			directives = p.args[i+1]
		} else if directives == arg {
			continue
		}
		for directive := range strings.SplitSeq(directives, ";") {
			if words := strings.Fields(directive); len(words) == 2 && words[0] == "daemon" && words[1] == "on" {
				return Hazard{
					Text: "nginx goes into the background with daemon on, where it cannot be supervised",
					Hint: "write -g 'daemon off;'",
				}, true
			}
		}
	}
	return h, false
}

// redis saves its data upon the first signal, unless a second one comes.
func redis(p *stopped) (h Hazard, ok bool) {
	for i, rung := range p.ladder {
		if i > 0 && rung.Signal == signals.SIGINT {
			return Hazard{
				Text: p.name + " ends upon a second signal, SIGINT, without saving its data",
				Hint: "leave out that rung, and give the one before it enough time for saving",
			}, true
		}
	}
	return h, false
}

func apache(p *stopped) (h Hazard, ok bool) {
	signal, ok := p.sends(signals.SIGQUIT, signals.SIGKILL)
	if !ok {
		return h, false
	}
	return Hazard{
		Text: p.name + " does not stop by " + signal.String() + ": its workers stay, and hold the port",
		Hint: `write stop.signal = "SIGTERM", or SIGWINCH to finish requests`,
	}, true
}

func phpFPM(p *stopped) (h Hazard, ok bool) {
	if _, ok = p.sends(signals.SIGKILL); !ok {
		return h, false
	}
	return Hazard{
		Text: p.name + " leaves its workers behind when it is killed alone, and they hold the port",
		Hint: `write stop.signal = "SIGQUIT" to finish requests, or SIGTERM; everything is killed after the ladder in any case`,
	}, true
}
