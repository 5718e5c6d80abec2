package cmdline

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"supervise/signals"
	"supervise/supervisor/pid1"
	"supervise/supervisor/process"
)

func TestSelect(t *testing.T) {
	for _, test := range []struct {
		argv  []string
		index int
		args  []string
		ok    bool
	}{
		{[]string{"supervise", "init", "true"}, 0, []string{"true"}, true},
		{[]string{"supervise", "run"}, 0, nil, false},
		{[]string{"supervise"}, 0, nil, false},
		{nil, 0, nil, false},
		{[]string{"/sbin/supervise-init", "true"}, 0, []string{"true"}, true},
		{[]string{"supervise-init", "init", "true"}, 0, []string{"true"}, true},
		{[]string{"supervise-init", "--", "init"}, 0, []string{"--", "init"}, true},
		{[]string{"supervise-init"}, 0, nil, true},
		{[]string{"tini", "init"}, 1, []string{"init"}, true},
		{[]string{"/usr/bin/tini-static", "x"}, 1, []string{"x"}, true},
		{[]string{"/sbin/docker-init", "--", "x"}, 1, []string{"--", "x"}, true},
		{[]string{"./dumb-init", "x"}, 2, []string{"x"}, true},
		{[]string{"catatonit", "x"}, 3, []string{"x"}, true},
		{[]string{"tini/", "x"}, 0, nil, false},
		{[]string{"xtini", "x"}, 0, nil, false},
	} {
		index, args, ok := Select(test.argv)
		if index != test.index || ok != test.ok || !slices.Equal(args, test.args) {
			t.Errorf("%q: %d %q %v, want %d %q %v", test.argv, index, args, ok, test.index, test.args, test.ok)
		}
	}
}

// parsed reads a command line given as one text, environment before the program's name.
func parsed(t *testing.T, text string) (*pid1.Options, *Answer) {
	t.Helper()
	var environ []string
	fields := strings.Fields(text)
	for strings.Contains(fields[0], "=") {
		environ, fields = append(environ, fields[0]), fields[1:]
	}
	index, args, ok := Select(fields)
	if !ok {
		t.Fatalf("%q is no init", text)
	}
	options, answer := Parse(index, fields[0], args, environ)
	if (options == nil) == (answer == nil) {
		t.Fatalf("%q: %+v, %+v", text, options, answer)
	}
	return options, answer
}

// TestRefused holds the exit statuses of those whose names we go by, as the real programs
// have them, and a part of what is said.
func TestRefused(t *testing.T) {
	for line, want := range map[string]struct {
		fd, status int
		text       string
	}{
		"supervise-init":                               {2, 2, "no command given"},
		"supervise-init --":                            {2, 2, "no command given"},
		"supervise-init --help":                        {1, 0, "Usage:"},
		"supervise-init -vh":                           {1, 0, "Usage:"},
		"supervise-init --nonsense true":               {2, 2, "unrecognized option '--nonsense'"},
		"supervise-init --stop-time 3 true":            {2, 2, "did you mean '--stop-signals'?"},
		"supervise-init -x true":                       {2, 2, "invalid option -- 'x'"},
		"supervise-init --drain":                       {2, 2, "option '--drain' requires an argument"},
		"supervise-init --drain soon true":             {2, 2, `--drain: "soon" is not a duration`},
		"supervise-init --drain 99999h true":           {2, 2, "is not a duration"},
		"supervise-init --group=maybe true":            {2, 2, "neither true nor false"},
		"supervise-init --core-limit 1G true":          {2, 2, `"1G" is not a size`},
		"supervise-init --core-limit -1 true":          {2, 2, `"-1" is not a size`},
		"supervise-init --core-limit 99999999TB true":  {2, 2, "is not a size"},
		"supervise-init --core-filter elf-header true": {2, 2, `"elf-header" is no kind of mapping`},
		"supervise-init --core-filter 0x200 true":      {2, 2, `"0x200" is no kind of mapping`},
		"supervise-init --core-filter 33 true":         {2, 2, `"33" is no kind of mapping`},
		"supervise-init --rewrite TERM true":           {2, 2, "is not SIGNAL:SIGNAL"},
		"supervise-init --rewrite TERM:QUITT true":     {2, 2, "did you mean SIGQUIT?"},
		"supervise-init --rewrite 15:12foo true":       {2, 2, "unknown signal"},
		"supervise-init --rewrite 15:65 true":          {2, 2, "unknown signal"},
		"supervise-init --rewrite KILL:TERM true":      {2, 2, "SIGKILL cannot be received here"},
		"supervise-init --stop-signals TERM,, true":    {2, 2, "unknown signal"},
		"supervise-init --on-signal HUP=reload true":   {2, 2, "is not SIG=restart"},
		"supervise-init --remap-exit 256 true":         {2, 2, "codes from 0 to 255"},
		"supervise-init --forward tgkill true":         {2, 2, "must be queue or kill"},
		"supervise-init --ready-fd 0 true":             {2, 2, "is not a descriptor"},
		"supervise-init --session --foreground true":   {2, 2, "exclude each other"},
		"supervise-init --group --foreground true":     {2, 2, "exclude each other"},
		"SUPERVISE_INIT_DRAIN=x supervise-init true":   {2, 2, "SUPERVISE_INIT_DRAIN: "},
		"SUPERVISE_INIT_DRAINS=1s supervise-init true": {2, 2, "unknown environment variable"},
		"SUPERVISE_INIT_HELP=1 supervise-init true":    {2, 2, "unknown environment variable"},
		"tini":                     {2, 1, "Usage: tini "},
		"tini --":                  {2, 1, "Usage: tini "},
		"/x/docker-init -h":        {1, 0, "docker-init (tini version 0.19.0"},
		"tini --version":           {1, 0, "tini version 0.19.0"},
		"docker-init --version":    {1, 0, "tini version 0.19.0"},
		"supervise-init --version": {1, 0, "tini version 0.19.0"},
		"supervise init --version": {1, 0, "tini version 0.19.0"},
		"SUPERVISE_INIT_VERSION=1 supervise-init true": {2, 2, "unknown environment variable"},
		"tini --version true":                          {2, 1, "invalid option -- '-'"},
		"tini -l":                                      {1, 0, "MIT"},
		"tini -x true":                                 {2, 1, "tini: invalid option -- 'x'"},
		"tini -sgz true":                               {2, 1, "invalid option -- 'z'"},
		"tini -p":                                      {2, 1, "option requires an argument -- 'p'"},
		"tini -p 9 true":                               {2, 1, "Not a valid option for -p: 9"},
		"tini -p KILL true":                            {2, 1, "Not a valid option for -p: KILL"},
		"tini -e 256 true":                             {2, 1, "Not a valid option for -e: 256"},
		"tini -e -5 true":                              {2, 1, "Not a valid option for -e: -5"},
		"tini -e 0x10 true":                            {2, 1, "Not a valid option for -e: 0x10"},
		"tini -evx true":                               {2, 1, "Not a valid option for -e: vx"},
		"dumb-init":                                    {2, 1, "Try dumb-init --help"},
		"dumb-init --":                                 {2, 1, "Try dumb-init --help"},
		"dumb-init -h":                                 {2, 0, "Usage: dumb-init "},
		"dumb-init --he":                               {2, 0, "Usage: dumb-init "},
		"dumb-init -V":                                 {2, 0, "dumb-init v1.2.5"},
		"dumb-init --ver":                              {2, 1, "option '--ver' is ambiguous; possibilities: '--verbose' '--version'"},
		"dumb-init --foo true":                         {2, 1, "unrecognized option '--foo'"},
		"dumb-init --verbose=1 true":                   {2, 1, "option '--verbose' doesn't allow an argument"},
		"dumb-init -r":                                 {2, 1, "option requires an argument -- 'r'"},
		"dumb-init -r x true":                          {2, 1, "<signum>:<signum>"},
		"dumb-init -r 15:12foo true":                   {2, 1, "<signum>:<signum>"},
		"dumb-init -r 32:1 true":                       {2, 1, "<signum>:<signum>"},
		"dumb-init -r 0:1 true":                        {2, 1, "<signum>:<signum>"},
		"dumb-init -r 1:-1 true":                       {2, 1, "<signum>:<signum>"},
		"catatonit":                                    {2, 1, "missing program name"},
		"catatonit -h":                                 {2, 0, "usage: catatonit"},
		"catatonit -gV":                                {1, 0, "tini version 0.1.7_catatonit"},
		"catatonit --v":                                {1, 0, "tini version 0.1.7_catatonit"},
		"catatonit -L":                                 {1, 0, "License"},
		"catatonit -x true":                            {2, 1, "invalid option -- 'x'"},
		"CATATONIT_LOG=1 catatonit true":               {2, 1, "reserved"},
		"SUPERVISE_INIT_GROUP=1 supervise-init --foreground": {2, 2, "no command given"},
	} {
		options, answer := parsed(t, line)
		if options != nil {
			t.Errorf("%q: runs %q", line, options.Command)
		} else if answer.FD != want.fd || answer.Status != want.status || !strings.Contains(answer.Text, want.text) || !strings.HasSuffix(answer.Text, "\n") {
			t.Errorf("%q: %d, exit %d, %q; want %d, exit %d, %q", line, answer.FD, answer.Status, answer.Text, want.fd, want.status, want.text)
		}
	}
}

// TestOptions compares with what holds without any flag.
func TestOptions(t *testing.T) {
	type options = pid1.Options
	rewritten := func(pairs ...signals.Signal) (r pid1.Rewrite) {
		for i := 0; i < len(pairs); i += 2 {
			r.Set(pairs[i], pairs[i+1])
		}
		return r
	}
	for line, change := range map[string]func(o *options){
		"supervise-init -v true":  func(o *options) { o.Log.Level = pid1.Info },
		"supervise-init -vv true": func(o *options) { o.Log.Level = pid1.Debug },
		"supervise-init -s -w -g -p HUP true": func(o *options) {
			o.WarnReaped, o.Group, o.ParentDeath = true, true, signals.SIGHUP
		},
		"supervise-init --subreaper=false --forward=kill true": func(o *options) { o.Subreaper, o.ByKill = false, true },
		"supervise-init -rterm:quit --rewrite 1:0,RTMIN+1:USR1 true": func(o *options) {
			o.Rewrite = rewritten(signals.SIGTERM, signals.SIGQUIT, signals.SIGHUP, 0, 35, signals.SIGUSR1)
		},
		"supervise-init --stop-signals RTMIN+3 --stop-timeout 1m30s --drain 1.5s true": func(o *options) {
			o.StopSignals, o.StopTimeout, o.Drain = signals.SetOf(37), 90e9, 1.5e9
		},
		"supervise-init --kill-remaining true":       func(o *options) { o.KillRemaining, o.Grace = true, 5e9 },
		"supervise-init --kill-remaining=0 true":     func(o *options) { o.KillRemaining = true },
		"supervise-init --kill-remaining=250ms true": func(o *options) { o.KillRemaining, o.Grace = true, 250e6 },
		"supervise-init --on-signal HUP=restart --on-signal=USR1=restart,USR2=restart true": func(o *options) {
			o.RestartOn = signals.SetOf(signals.SIGHUP, signals.SIGUSR1, signals.SIGUSR2)
		},
		"supervise-init --core-limit unlimited --core-filter private-anonymous,elf-headers true": func(o *options) {
			o.CoreLimit, o.CoreFilter = pid1.CoreLimit{Given: true, Bytes: 1<<64 - 1}, pid1.CoreFilter{Given: true, Mask: 0x11}
		},
		"supervise-init --core-limit 64MiB --core-filter=default,0x100 true": func(o *options) {
			o.CoreLimit, o.CoreFilter = pid1.CoreLimit{Given: true, Bytes: 64 << 20}, pid1.CoreFilter{Given: true, Mask: 0x133}
		},
		"supervise-init --core-limit=0 true": func(o *options) { o.CoreLimit.Given = true },
		"supervise-init -e 143 -e7:8 true":   func(o *options) { o.Remap.Set(143, 0); o.Remap.Set(7, 8) },
		"supervise-init --session true": func(o *options) {
			o.Placement, o.Group, o.StopAlong = process.OwnSession, true, true
			o.Rewrite = rewritten(signals.SIGTSTP, signals.SIGSTOP, signals.SIGTTIN, signals.SIGSTOP, signals.SIGTTOU, signals.SIGSTOP)
		},
		"supervise-init --session -c -g true": func(o *options) { o.Placement = process.SameGroup },
		"supervise-init --foreground true":    func(o *options) { o.Placement = process.SameGroup },
		"supervise-init --wait-all --exit-by-signal --exit-zero-on-stop --ready-fd 3 true": func(o *options) {
			o.WaitAll, o.ExitBySignal, o.ExitZeroOnStop, o.ReadyFD = true, true, true, 3
		},
		"SUPERVISE_INIT_STOP_TIMEOUT=10 SUPERVISE_INIT_GROUP=1 SUPERVISE_INIT_REWRITE=1:2 SUPERVISE_INIT_DRAIN= supervise-init --group=false -r 3:4 true": func(o *options) {
			o.StopTimeout, o.Rewrite = 10e9, rewritten(1, 2, 3, 4)
		},
		"tini -s true":       func(o *options) { o.Subreaper = true },
		"tini true -- -s":    func(o *options) { o.Command = []string{"true", "-s"} },
		"tini true -s":       func(o *options) { o.Command = []string{"true", "-s"} },
		"tini -- true -- -s": func(o *options) { o.Command = []string{"true", "--", "-s"} },
		"tini - x":           func(o *options) { o.Command = []string{"-", "x"} },
		"tini -vvvv true":    func(o *options) { o.Log.Level = pid1.Debug },
		"tini -gwpSIGKILL -e 5 -e143 true": func(o *options) {
			o.Group, o.WarnReaped, o.ParentDeath = true, true, 9
			o.Remap.Set(5, 0)
			o.Remap.Set(143, 0)
		},
		"TINI_SUBREAPER= TINI_KILL_PROCESS_GROUP= TINI_VERBOSITY=0x tini -vv true": func(o *options) {
			o.Subreaper, o.Group, o.Log.Level = true, true, pid1.Error
		},
		"dumb-init -v true": func(o *options) { o.Log.Level = pid1.Debug },
		"DUMB_INIT_DEBUG=1 DUMB_INIT_SETSID=1 dumb-init true": func(o *options) { o.Log.Level = pid1.Debug },
		"DUMB_INIT_DEBUG=2 DUMB_INIT_SETSID=0 dumb-init true": func(o *options) {
			o.Placement, o.Group, o.Rewrite = process.SameGroup, false, pid1.Rewrite{}
		},
		"dumb-init --sin true -x": func(o *options) {
			o.Placement, o.Group, o.Rewrite, o.Command = process.SameGroup, false, pid1.Rewrite{}, []string{"true", "-x"}
		},
		"dumb-init --rewrite=15:3 -r 20:0 -r 21:21 true": func(o *options) {
			o.Rewrite = rewritten(15, 3, signals.SIGTSTP, 0, signals.SIGTTIN, signals.SIGTTIN, signals.SIGTTOU, signals.SIGSTOP)
		},
		"catatonit -g -- true -g":          func(o *options) { o.Group, o.Command = true, []string{"true", "-g"} },
		"catatonit -P":                     func(o *options) { o.Pause, o.Command = true, nil },
		"CATATONIT_DEBUG= catatonit true ": func(o *options) { o.Log.Level = pid1.Debug },
	} {
		got, answer := parsed(t, line)
		if answer != nil {
			t.Errorf("%q: %q", line, answer.Text)
			continue
		}
		fields := strings.Fields(line)
		program := fields[slices.IndexFunc(fields, func(f string) bool { return !strings.Contains(f, "=") })]
		want, _ := parsed(t, program+" true")
		change(want)
		if len(got.Command) == 0 && len(want.Command) == 0 {
			got.Command = want.Command
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q:\n got %+v\nwant %+v", line, got, want)
		}
	}
}

// TestEnvironment sets every flag by its variable.
func TestEnvironment(t *testing.T) {
	for _, f := range ownFlags {
		value := map[string]string{
			"rewrite": "TERM:QUIT", "forward": "kill", "stop-signals": "HUP", "stop-timeout": "1s", "drain": "1s", "on-signal": "HUP=restart",
			"kill-remaining": "1s", "remap-exit": "1:2", "subreaper": "false", "parent-death-signal": "TERM", "ready-fd": "4",
			"log-format": "text", "log-level": "debug", "core-limit": "100MB", "core-filter": "0x1ff",
		}[f.long]
		if value == "" {
			value = "true"
		}
		if f.long == "help" || f.long == "version" {
			continue
		}
		line := prefix + variable(f.long) + "=" + value + " supervise-init true"
		got, answer := parsed(t, line)
		if answer != nil {
			t.Errorf("%s: %s", line, answer.Text)
			continue
		}
		if want, _ := parsed(t, "supervise-init --"+f.long+"="+value+" true"); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, by the flag %+v", line, got, want)
		}
		if plain, _ := parsed(t, "supervise-init true"); reflect.DeepEqual(got, plain) && f.long != "log-format" {
			t.Errorf("%s changes nothing", line)
		}
	}
}

// TestHelp has every flag in its program's help text.
func TestHelp(t *testing.T) {
	for i, p := range dialects {
		text := p.help(&Line{program: "x"}).Text
		for _, f := range flagsOf(i) {
			if name := f.name(); !strings.Contains(text, name) || !strings.Contains(text, strings.Split(f.help, "\n")[0]) {
				t.Errorf("%s: the help text lacks %s", p.name, name)
			}
		}
		for line := range strings.Lines(text) {
			if len(line) > 108 {
				t.Errorf("%s: a line of %d bytes: %s", p.name, len(line), line)
			}
		}
	}
}
