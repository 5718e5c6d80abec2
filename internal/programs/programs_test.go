package programs

import (
	"os"
	"slices"
	"strings"
	"testing"

	"supervise/signals"
)

func TestName(t *testing.T) {
	for command, want := range map[string]string{
		"": "", "nginx": "nginx", "/usr/sbin/nginx -c x": "nginx", "env": "env", "env A=b -u C nginx": "nginx",
		"nice -n 5 ionice -c 3 taskset 0x1 nginx -c x": "nginx", "timeout -k 5 10 nginx": "nginx", "timeout --kill-after=5 10 nginx": "nginx",
		"stdbuf -oL nginx": "nginx", "gosu www-data nginx": "nginx", "chpst -u www nginx": "nginx", "setpriv --reuid=33 -- nginx": "nginx",
		"setsid nginx": "nginx", "setsid -f nginx": "setsid", "python3 /usr/bin/gunicorn app:app": "gunicorn", "python3.11 -u app.py": "app.py",
		"node": "node", "env -i env -i env -i env -i env -i env -i env -i env -i env -i nginx": "env",
	} {
		if got := Name(strings.Fields(command)); got != want {
			t.Errorf("%q: %q, want %q", command, got, want)
		}
	}
}

func TestForeground(t *testing.T) {
	for _, c := range []struct{ command, left, want string }{
		{"nginx", "nginx", "give it -g 'daemon off;'"},
		{"/usr/sbin/php-fpm8.2 -y x", "php-fpm8.2", "give it --nodaemonize"},
		{"nice redis-server --daemonize yes", "redis-server", "give it --daemonize no"},
		{"service nginx start", "nginx", "run the program itself"},
		{"sh -c nginx", "nginx", "run nginx itself, and give it -g 'daemon off;'"},
		{"sh -c x", "x", "write no & after the last command"},
		{"./own", "own", "an option like -F"},
		{"", "", "an option like -F"},
	} {
		if got := Foreground(strings.Fields(c.command), c.left); !strings.Contains(got, c.want) {
			t.Errorf("%q leaving %q: %q lacks %q", c.command, c.left, got, c.want)
		}
	}
}

// ladder reads "TERM INT:group".
func ladder(text string) (rungs []Rung) {
	for rung := range strings.FieldsSeq(text) {
		name, scope, _ := strings.Cut(rung, ":")
		s, err := signals.Parse(name)
		if err != nil {
			panic(err)
		}
		rungs = append(rungs, Rung{Signal: s, Whole: scope != ""})
	}
	return rungs
}

func TestHazards(t *testing.T) {
	for _, c := range []struct{ command, ladder, want string }{ // arguments are separated by |
		{"npm|run|serve", "TERM", "npm ends at once"},
		{"/usr/bin/npm|start", "INT KILL", "npm ends at once"},
		{"env|NODE_ENV=production|npm|start", "TERM", "npm ends at once"},
		{"node|/usr/lib/node_modules/npm/bin/npm|run|serve", "TERM", "npm ends at once"},
		{"npx|serve", "TERM", "npx ends at once"},
		{"npm|run|serve", "TERM:group", ""},
		{"npm|ci", "TERM", ""},
		{"npm|--version", "TERM", ""},
		{"pnpm|--silent|serve", "TERM", "pnpm ends at once"},
		{"yarn|serve", "TERM", "yarn ends at once"},
		{"sh|-c|npm start", "TERM", "npm ends at once"},
		{"sh|-c|cd /srv && exec npm start", "TERM", "npm ends at once"},
		{"go|run|.", "TERM", "go run ends at once"},
		{"go|tool|x", "TERM", ""},
		{"sh|-c|server; cleanup", "INT", "sh waits for its commands, and SIGINT"},
		{"bash|-ec|cd /x && server", "TERM QUIT", "bash waits for its commands, and SIGQUIT"},
		{"/bin/dash|-c|server | logger", "INT", "dash waits"},
		{"sh|-c|server; cleanup", "INT:group", ""},
		{"sh|-c|server; cleanup", "TERM", ""},
		{"sh|-c|prepare; exec server", "INT", ""},
		{"sh|-c|server --flag", "INT", ""},
		{"sh|-c|trap x INT; server; cleanup", "INT", ""},
		{"sh|/etc/script", "INT", ""},
		{"sh|-c", "INT", ""},
		{"runuser|-u|www|--|server", "TERM", "runuser kills what it runs two seconds after"},
		{"su|www|-c|server", "TERM:tree", "su kills what it runs two seconds after"},
		{"su|www|-c|server", "HUP", ""},
		{"strace|-f|-o|/tmp/x|server", "TERM", "strace -o blocks"},
		{"strace|-o/tmp/x|server", "INT", "strace -o blocks"},
		{"strace|--output=/tmp/x|server", "INT", "strace -o blocks"},
		{"strace|-I|2|-o|/tmp/x|server", "TERM", ""},
		{"strace|-I2|-o|/tmp/x|server", "TERM", ""},
		{"strace|server", "TERM", ""},
		{"strace|-o|/tmp/x|server", "TERM:tree", ""},
		{"uwsgi|--master|--http|:80", "TERM", "uwsgi with a master starts anew upon SIGTERM"},
		{"uwsgi|-M", "TERM", "uwsgi with a master"},
		{"uwsgi|--master=true", "INT TERM", "uwsgi with a master"},
		{"uwsgi|--master|--die-on-term", "TERM", ""},
		{"uwsgi|--master", "INT", ""},
		{"uwsgi|--http|:80", "TERM", ""},
		{"nginx|-g|daemon on;", "TERM", "nginx goes into the background"},
		{"nginx|-g|worker_processes 1; daemon on;", "QUIT", "nginx goes into the background"},
		{"nginx|-gdaemon on;", "QUIT", "nginx goes into the background"},
		{"nginx|-g|daemon off;", "QUIT", ""},
		{"nginx", "QUIT", ""},
		{"redis-server|/etc/redis.conf", "TERM INT", "redis-server ends upon a second signal, SIGINT"},
		{"valkey-server", "TERM:group INT:group", "valkey-server ends upon a second signal"},
		{"redis-server", "INT", ""},
		{"redis-server", "TERM KILL", ""},
		{"redis-server|--daemonize|yes", "TERM", "redis-server goes into the background with --daemonize"},
		{"redis-server|--daemonize|no", "TERM", ""},
		{"gunicorn|--daemon|app:app", "TERM", "gunicorn goes into the background with --daemon"},
		{"setsid|-f|server", "TERM", "setsid goes into the background with -f"},
		{"setsid|server", "TERM", ""},
		{"apache2|-D|FOREGROUND", "QUIT", "apache2 does not stop by SIGQUIT"},
		{"httpd|-D|FOREGROUND", "TERM KILL", "httpd does not stop by SIGKILL"},
		{"apache2|-D|FOREGROUND", "TERM KILL:tree", ""},
		{"apache2|-D|FOREGROUND", "WINCH TERM", ""},
		{"php-fpm8.2|--nodaemonize", "KILL", "php-fpm8.2 leaves its workers behind"},
		{"php-fpm|-F", "QUIT TERM", ""},
		{"postgres|-D|/srv/pg", "TERM", "upon SIGTERM postgres waits until all its clients have gone"},
		{"setpriv|--reuid=postgres|/usr/lib/postgresql/15/bin/postgres", "TERM KILL", "upon SIGTERM postgres waits"},
		{"postgres", "QUIT", "upon SIGQUIT postgres ends without saving"},
		{"postgres", "TERM QUIT", "upon SIGTERM postgres waits"},
		{"postgres", "TERM INT", ""},
		{"postgres", "INT", ""},
		{"redis-server", "QUIT", "upon SIGQUIT redis-server is killed"},
		{"redis-server", "HUP", "upon SIGHUP redis-server goes on"},
		{"haproxy|-db", "QUIT:group", "upon SIGQUIT haproxy goes on"},
		{"haproxy|-W|-db", "USR1", ""},
		{"nginx", "WINCH", "upon SIGWINCH nginx goes on"},
		{"nginx", "WINCH QUIT", ""},
		{"php-fpm8.2|-F", "USR2", "upon SIGUSR2 php-fpm8.2 goes on"},
		{"mariadbd", "INT", "upon SIGINT mariadbd goes on"},
		{"mariadbd", "USR2", "upon SIGUSR2 mariadbd is killed"},
		{"mariadbd", "QUIT", ""},
		{"memcached", "HUP", "upon SIGHUP memcached goes on"},
		{"java|-jar|x.jar", "QUIT", "upon SIGQUIT java prints what its threads do"},
		{"java|-jar|x.jar", "QUIT TERM", ""},
		{"rsyslogd|-n", "INT", "upon SIGINT rsyslogd goes on"},
		{"java|-jar|x.jar", "KILL", ""},
		{"server", "TERM", ""},
		{"", "TERM", ""},
	} {
		var command []string
		if c.command != "" {
			command = strings.Split(c.command, "|")
		}
		if c.command == "/bin/dash|-c|server | logger" {
			command = []string{"/bin/dash", "-c", "server | logger"}
		}
		var got string
		for _, h := range Hazards(command, ladder(c.ladder)) {
			if h.Hint == "" {
				t.Errorf("%q: no hint", c.command)
			}
			got += h.Text + "; "
		}
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%q by %q: %q, want %q", c.command, c.ladder, got, c.want)
		}
	}
}

// TestTables keeps the tables in step with each other, and with what was measured.
func TestTables(t *testing.T) {
	for _, known := range inBackground {
		name, _, _ := strings.Cut(known, " ")
		if _, ok := daemons.of(name); !ok {
			t.Errorf("there is no advice for %s", name)
		}
	}
	text, err := os.ReadFile("../../docs/programs.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{"npm run", "pnpm run", "yarn run", "go run", "sh -c", "bash -c", "runuser", "su", "strace -o", "uwsgi --master", "nginx", "redis-server", "apache2", "php-fpm"} {
		if !strings.Contains(string(text), "| `"+program) {
			t.Errorf("docs/programs.md does not tell of %s", program)
		}
	}
}

// TestMeasured: a program that is said to go on upon a signal, or to be killed by it, was seen
// doing so, and stops by the signal that is named instead.
func TestMeasured(t *testing.T) {
	text, err := os.ReadFile("../../docs/programs.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "## What programs do with each signal")
	if !found {
		t.Fatal("docs/programs.md has no profiles")
	}
	columns := []signals.Signal{signals.SIGTERM, signals.SIGINT, signals.SIGQUIT, signals.SIGHUP, signals.SIGUSR1, signals.SIGUSR2, signals.SIGWINCH}
	rows := map[string][][]string{}
	for line := range strings.Lines(table) {
		cells := strings.Split(line, " | ")
		if name, ok := strings.CutPrefix(cells[0], "| `"); ok && len(cells) > len(columns)+2 {
			name, _, _ = strings.Cut(strings.TrimSuffix(name, "`"), " ")
			rows[name] = append(rows[name], cells[2:])
		}
	}
	for _, known := range wrong {
		all := rows[known.names[0]]
		if len(all) == 0 {
			t.Errorf("docs/programs.md does not tell of %s", known.names[0])
		}
		for _, row := range all {
			for i, s := range columns {
				if !slices.Contains(known.signals, s) {
					continue
				}
				ends := strings.HasPrefix(row[i], "ends")
				killed := strings.HasPrefix(row[i], "ends by "+s.String())
				if known.text == goesOn && ends || strings.Contains(known.text, "killed") && !killed {
					t.Errorf("%s is said upon %s to be one that %s, and was seen: %s", known.names[0], s, known.text, row[i])
				}
			}
		}
	}
}
