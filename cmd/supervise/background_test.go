package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestBackground runs commands that end well and leave something: what goes into the
// background is told and has failed, whatever its policy, and what is left a moment longer
// than its parent is nothing to complain of.
func TestBackground(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		command string
		server  string // that must be installed
		told    string // "" for one that has completed
		policy  string
	}{
		"shell":                      {command: `["sh", "-c", "sleep 60 &"]`, told: "leaving pid %d (sleep); write no & after the last command"},
		"shell, late":                {command: `["sh", "-c", "sleep 1; sleep 60 &"]`, told: "leaving pid %d (sleep); write no & after"},
		"setsid":                     {command: `"setsid -f sleep 60"`, told: "leaving pid %d (sleep); leave out --fork (-f)"},
		"setsid in a nice":           {command: `"nice -n 1 setsid --fork sleep 60"`, told: "leaving pid %d (sleep); leave out --fork (-f)"},
		"twice forked":               {command: `["sh", "-c", "(setsid sh -c 'sleep 60 & :' &)"]`, told: "leaving pid %d (sleep); write no & after"},
		"no environment":             {command: `["sh", "-c", "env -i setsid -f sleep 60"]`, told: "leaving pid %d (sleep); write no & after"},
		"always":                     {command: `"setsid -f sleep 60"`, policy: "always", told: "leaving pid %d (sleep)"},
		"never":                      {command: `"setsid -f sleep 60"`, policy: "never", told: "leaving pid %d (sleep)"},
		"nginx":                      {command: `["nginx", "-c", "$DIR/nginx.conf"]`, server: "nginx", told: "leaving pid %d (nginx); give it -g 'daemon off;'"},
		"redis":                      {command: `["redis-server", "--port", "0", "--unixsocket", "$DIR/redis", "--save", "", "--dir", "$DIR", "--daemonize", "yes"]`, server: "redis-server", told: "leaving pid %d (redis-server); give it --daemonize no"},
		"by a shell":                 {command: `["sh", "-c", "nginx -c $DIR/nginx.conf; :"]`, server: "nginx", told: "leaving pid %d (nginx); run nginx itself, and give it -g 'daemon off;'"},
		"gunicorn":                   {command: `["gunicorn", "--daemon", "--chdir", "$DIR", "-b", "unix:$DIR/socket", "app:app"]`, server: "gunicorn", told: "leave out --daemon"},
		"a moment longer":            {command: `["sh", "-c", "sleep 0.1 &"]`},
		"a worker that ends with it": {command: `["sh", "-c", "(trap '' HUP; read x) & exit 0"]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := lookServer(c.server); err != nil && c.server != "" {
				t.Skip(c.server + " is not installed")
			}
			eachUser(t, func(t *testing.T, as setup) {
				policy := c.policy
				if policy == "" {
					policy = "on-failure"
				}
				s := prepare(t, entryBuild, fmt.Sprintf("[service.it]\ncommand = %s\nrestart.policy = %q\nenvironment.PATH = %q\n", c.command, policy, searchPath), as)
				writeFile(t, s.dir+"/nginx.conf", fmt.Sprintf(strings.Replace(nginxConfig, "daemon off;", "", 1), s.dir, "unix:"+s.dir+"/nginx", "http://127.0.0.1:1"))
				writeFile(t, s.dir+"/app.py", application)
				s.launch(t)
				if c.told == "" {
					s.await("the end", says("it", "completed: exited with code 0"))
				} else {
					told := s.await("the failure", says("it", "given up: it went into the background, leaving pid "))
					var pid int
					_, _ = fmt.Sscanf(told.Message[strings.Index(told.Message, "leaving"):], "leaving pid %d", &pid)
					if want := strings.Replace(c.told, "%d", strconv.Itoa(pid), 1); !strings.Contains(told.Message, want) {
						t.Errorf("%q lacks %q", told.Message, want)
					}
					s.await("the state", says("it", "clearing -> failed"))
				}
				s.stop(t, syscall.SIGTERM)
			})
		})
	}
}

// searchPath also has servers in it, which are not in every user's PATH.
const searchPath = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"

// application is the least that gunicorn takes.
const application = "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'ok']\n"

// prefork is a server of shells: a master with workers that are forks of it. At SIGUSR2 it
// executes itself anew, and at SIGTERM it ends, and its workers before it. It says who it is.
const prefork = `#!/bin/sh
trap 'sh "$0" & echo "$!" >"$0.new"' USR2
trap 'kill -KILL $worker; exit 0' TERM
(while :; do sleep 1; done) & worker=$!
echo "pid $$"
while :; do wait; done
`

// TestHandover has servers replace themselves, twice: they go on being supervised, and each
// can be stopped.
func TestHandover(t *testing.T) {
	t.Parallel()
	for name, server := range map[string]handover{
		"shells": {
			files: map[string]string{"server": prefork}, command: `["sh", "$DIR/server"]`,
			next: "server.new", end: syscall.SIGTERM,
		},
		"gunicorn": {
			program: "gunicorn", files: map[string]string{"app.py": application},
			command: `["gunicorn", "--chdir", "$DIR", "-b", "unix:$DIR/socket", "-p", "$DIR/pid", "app:app"]`,
			next:    "pid.2", end: syscall.SIGTERM,
		},
		"unicorn": {
			program: "unicorn", files: map[string]string{
				"config.ru": "run lambda { |env| [200, {}, ['ok']] }\n",
				"config.rb": "worker_processes 1\nlisten \"$DIR/socket\"\npid \"$DIR/pid\"\n",
			},
			command: `["unicorn", "-c", "$DIR/config.rb", "$DIR/config.ru"]`,
			next:    "pid", end: syscall.SIGQUIT,
		},
		// nginx hands over only if its parent is another one than at its start, which it is
		// once the shell that has started it hands over to it.
		"nginx": {
			program: "nginx", files: map[string]string{"nginx.conf": ""}, first: true,
			command: `["sh", "-c", "/usr/sbin/nginx -c $DIR/nginx.conf & while [ ! -e $DIR/go ]; do sleep 0.05; done; exit 0"]`,
			next:    "nginx.pid", end: syscall.SIGQUIT,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := lookServer(server.program); err != nil && server.program != "" {
				t.Skip(server.program + " is not installed")
			}
			eachUser(t, server.try)
		})
	}
}

// handover is a server that can replace itself.
type handover struct {
	program string // that must be installed
	files   map[string]string
	command string
	next    string         // the file with the pid of the one that takes over
	end     syscall.Signal // on which the present one ends well
	first   bool           // it is handed over to itself first, when the file go is there
}

func (h handover) try(t *testing.T, as setup) {
	s := prepare(t, entryBuild, fmt.Sprintf("[service.it]\ncommand = %s\nrestart.policy = \"always\"\nenvironment.PATH = %q\n", h.command, searchPath), as)
	for name, text := range h.files {
		if name == "nginx.conf" {
			text = fmt.Sprintf(nginxConfig, s.dir, "unix:"+s.dir+"/nginx", "http://127.0.0.1:1")
		}
		writeFile(t, s.dir+"/"+name, strings.ReplaceAll(text, "$DIR", s.dir))
	}
	s.launch(t)
	pid := s.await("the first", up("it")).PID
	if h.first {
		next := s.awaitMaster(t, h.next, 0)
		writeFile(t, s.dir+"/go", "")
		pid = s.follows(t, next)
	} else {
		h.awaitServing(t, s, pid)
	}
	for range 2 {
		kill(t, pid, syscall.SIGUSR2)
		next := s.awaitMaster(t, h.next, pid)
		h.awaitServing(t, s, next)
		kill(t, pid, h.end)
		pid = s.follows(t, next)
	}
	lines := s.stop(t, syscall.SIGTERM)
	if n := count(lines, says("it", "restarts in")); n != 0 {
		t.Errorf("it was restarted %d times", n)
	}
	if count(lines, func(l line) bool { return l.Service == "it" && l.Message == "stopped" }) != 1 {
		t.Error("it was not stopped")
	}
}

// follows waits until a process is the main process, and returns it.
func (s *supervised) follows(t *testing.T, pid int) int {
	t.Helper()
	s.await("the handing over", says("it", "its leader has handed over to pid "+strconv.Itoa(pid)+" ("))
	if got := s.await("the next", up("it")).PID; got != pid {
		t.Fatalf("pid %d runs, not %d", got, pid)
	}
	return pid
}

// awaitMaster waits until a file has the pid of another server than before, which has workers.
// Nothing reports that.
func (s *supervised) awaitMaster(t *testing.T, file string, before int) int {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		text, _ := os.ReadFile(filepath.Join(s.dir, file))
		pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err == nil && pid != before && hasChildren(pid) {
			return pid
		}
	}
	t.Fatalf("nobody but %d is in %s", before, file)
	return 0
}

// awaitServing waits until a server says so, or else has a worker.
func (h handover) awaitServing(t *testing.T, s *supervised, pid int) {
	t.Helper()
	if h.program == "" {
		s.await("the server", wrote("it", "pid "+strconv.Itoa(pid)))
		return
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if hasChildren(pid) {
			return
		}
	}
	t.Fatalf("pid %d has no children", pid)
}

func hasChildren(pid int) bool {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	return len(text) > 0
}
