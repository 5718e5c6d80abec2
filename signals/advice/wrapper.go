package advice

import (
	"slices"
	"strings"

	"supervise/internal/programs"
	"supervise/signals"
)

var shells = []string{"sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "busybox"}

// shell is the name of the shell that the process is, "" if it is none, or one that somebody
// types into.
func (f *Facts) shell() string {
	if len(f.Command) < 2 {
		return ""
	}
	name := strings.TrimPrefix(programs.Base(f.Command[0]), "-")
	if !slices.Contains(shells, name) {
		return ""
	}
	for _, arg := range f.Command[1:] {
		if arg == "-c" || !strings.HasPrefix(arg, "-") {
			return name
		}
	}
	return ""
}

// shellInit is a shell as PID 1 that has not executed its command in its own place.
func shellInit(f *Facts) (text, remedy string) {
	shell, children := f.shell(), f.living()
	if !f.Init() || shell == "" || len(children) == 0 {
		return "", ""
	}
	return "the shell " + shell + " is PID 1 of its PID namespace, and waits for " + list(children) + ": a signal for the container reaches the shell, which passes nothing on",
		`write exec before the last command of the script, or the command as a list: ENTRYPOINT ["COMMAND", "ARGUMENT"]`
}

// wrapper is a program that runs another one and does not pass on the signals that it gets.
func wrapper(f *Facts) (text, remedy string) {
	children := f.living()
	if len(children) == 0 || f.Init() && f.shell() != "" {
		return "", ""
	}
	const remedyShell = "write exec before the last command of the script, or send signals to the process group: kill -TERM -PGID, or stop.scope = \"group\" of a service"
	if shell := f.shell(); shell != "" && f.untouched(signals.SIGTERM) {
		return "the shell " + shell + " ends upon SIGTERM without passing it on: " + list(children) + " would go on without it", remedyShell
	}
	for _, s := range []signals.Signal{signals.SIGTERM, signals.SIGINT} {
		for _, h := range programs.Hazards(f.words(), []programs.Rung{{Signal: s}}) {
			return h.Text + ": " + list(children), h.Hint
		}
	}
	return "", ""
}

// wrappers are those of package programs that start a program of their own, and stay.
var wrappers = []string{"npm", "pnpm", "yarn", "yarnpkg", "npx", "pnpx", "bunx", "go", "su", "runuser", "strace"}

// words is the command from the wrapper on, nil if it is none: node /usr/bin/npm-cli.js start.
// A program that has named itself, such as npm, has all of its words in the first argument.
func (f *Facts) words() []string {
	words := strings.Fields(strings.Join(f.Command, " "))
	const interpreter = 1 // words before the wrapper's
	for i := range min(len(words), interpreter+1) {
		name := strings.TrimSuffix(strings.TrimSuffix(programs.Base(words[i]), ".js"), "-cli")
		if slices.Contains(wrappers, name) {
			return append([]string{name}, words[i+1:]...)
		}
	}
	return nil
}
