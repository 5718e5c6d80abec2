package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// site is one running supervisor, with the programs that query and command it.
type site struct {
	release release // the zero value is that of another program
	arrange func(b *bench, dir string) (argv []string, err error)
	asked   bool // to end, as it has things to remove; the others are killed
	silent  bool // its service's output does not come to us
	askers  []asker
	fifos   []commandFIFO

	absent string // why it does not take part
	dir    string
	child  *child
	null   int // /dev/null
}

// asker is a program that asks for the status of a site.
type asker struct {
	name string
	argv func(dir string) []string
}

// commandFIFO is a FIFO that takes a command to send SIGUSR1 to the service.
type commandFIFO struct {
	name string
	path string // in the site's directory
	text string
}

const (
	runitLetter     = "runit, letter"
	superviseLetter = "supervise, letter"
)

// webSite is a site of a release with one service, "web", which is the receiver of signals.
func webSite(r release) *site {
	return &site{
		release: r, asked: true, absent: lacksRun(r.full),
		arrange: func(b *bench, dir string) ([]string, error) { return arrangeWeb(b, r.full, dir) },
		askers: []asker{
			{superviseStatus + r.suffix, r.asks("status", "web")},
			{superviseStatus + " --board" + r.suffix, r.asks("status", "web", "--board")},
			{superviseStart + r.suffix, r.asks("start", "web")},
			{"supervise version" + r.suffix, func(string) []string { return []string{r.full, "version"} }},
		},
		fifos: []commandFIFO{
			{"supervise, line" + r.suffix, "run/control", "signal web USR1\n"},
			{superviseLetter + r.suffix, "run/services/web/control", "1"},
		},
	}
}

// asks returns a program that asks a site of the same release.
func (r release) asks(args ...string) func(dir string) []string {
	return func(dir string) []string {
		return append(append([]string{r.full}, args...), "--runtime-dir", filepath.Join(dir, "run"))
	}
}

// peerSites are the same under other supervisors.
func peerSites() []*site {
	return []*site{
		{
			arrange: arrangeWebScan("runsvdir"), absent: notInstalled("runsvdir", "runsv", "sv"),
			askers: []asker{
				{svStatus, func(dir string) []string { return []string{"sv", "status", filepath.Join(dir, "web")} }},
				{svUp, func(dir string) []string { return []string{"sv", "up", filepath.Join(dir, "web")} }},
			},
			fifos: []commandFIFO{{runitLetter, "web/supervise/control", "1"}},
		},
		{
			arrange: arrangeWebScan("s6-svscan"), absent: notInstalled("s6-svscan", "s6-supervise", "s6-svstat"),
			askers: []asker{{"s6-svstat", func(dir string) []string { return []string{"s6-svstat", filepath.Join(dir, "web")} }}},
			fifos:  []commandFIFO{{"s6, letter", "web/supervise/control", "1"}},
		},
		{
			arrange: arrangeSupervisord, absent: notInstalled("supervisord", "supervisorctl"), silent: true,
			askers: []asker{{"supervisorctl status", func(dir string) []string {
				return []string{"supervisorctl", "-c", filepath.Join(dir, "supervisord.conf"), "status", "web"}
			}}},
		},
	}
}

// arrangeMany arranges services that run tiny, as for a [manager].
func arrangeMany(arrange func(b *bench, dir string, services int) ([]string, error), services int) func(*bench, string) ([]string, error) {
	return func(b *bench, dir string) ([]string, error) {
		if err := unix.Mkfifo(filepath.Join(dir, "announce"), 0o600); err != nil {
			return nil, err
		}
		return arrange(b, dir, services)
	}
}

// many is how many services there are where one is looked for among many.
func (b *bench) many() int { return b.count(1000) }

// What is asked about.
const (
	ofAll = ", of all"
	ofOne = ", of one"
)

// manySite is a release with as many, and manyRunit runit.
func (b *bench) manySite(r release) *site {
	return &site{
		release: r, absent: lacksRun(r.full), asked: true, silent: true,
		arrange: arrangeMany(arrangeSupervise(r.full, "prefix"), b.many()),
		askers: []asker{
			{superviseStatus + ofAll + r.suffix, r.asks("status")},
			{superviseStatus + ofOne + r.suffix, r.asks("status", "s0050")},
		},
	}
}

func (b *bench) manyRunit() *site {
	return &site{
		absent: notInstalled("runsvdir", "runsv", "sv"), silent: true,
		arrange: arrangeMany(arrangeScan("runsvdir"), b.many()),
		askers: []asker{
			{svStatus + ofAll, func(dir string) []string {
				argv := []string{"sv", "status"}
				for i := range b.many() {
					argv = append(argv, filepath.Join(dir, fmt.Sprintf("s%04d", i)))
				}
				return argv
			}},
			{svStatus + ofOne, func(dir string) []string { return []string{"sv", "status", filepath.Join(dir, "s0050")} }},
		},
	}
}

// fleetSite is a release with many services, which run tiny.
func fleetSite(r release) *site {
	return &site{
		release: r, absent: lacksRun(r.full), asked: true, silent: true,
		arrange: arrangeMany(arrangeSupervise(r.full, "prefix"), fleetSize),
		askers: []asker{
			{superviseStatus + r.suffix, r.asks("status")},
			{superviseStatus + " --format json" + r.suffix, r.asks("status", "--format", "json")},
			{superviseStatus + " --board" + r.suffix, r.asks("status", "--board")},
		},
	}
}

func arrangeWeb(b *bench, program, dir string) ([]string, error) {
	text := fmt.Sprintf(`[supervisor]
runtime-dir = %q

[service.web]
command = [%q]
log = { mode = "inherit" }
stop = { signal = "SIGKILL" }
signals = { forward = { SIGUSR1 = "SIGUSR1" } }
`, filepath.Join(dir, "run"), b.file("receiver"))
	file := filepath.Join(dir, "services.toml")
	return []string{program, "run", file}, os.WriteFile(file, []byte(text), 0o644)
}

func arrangeWebScan(program string) func(*bench, string) ([]string, error) {
	return func(b *bench, dir string) ([]string, error) {
		service := filepath.Join(dir, "web")
		if err := os.Mkdir(service, 0o755); err != nil {
			return nil, err
		}
		if err := os.Symlink(b.file("receiver"), filepath.Join(service, "run")); err != nil {
			return nil, err
		}
		file, err := exec.LookPath(program)
		return []string{file, dir}, err
	}
}

func arrangeSupervisord(b *bench, dir string) ([]string, error) {
	text := fmt.Sprintf(`[supervisord]
nodaemon = true
silent = true
logfile = /dev/null
logfile_maxbytes = 0
pidfile = %[1]s/pid
[unix_http_server]
file = %[1]s/socket
[supervisorctl]
serverurl = unix://%[1]s/socket
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[program:web]
command = %[2]s
startsecs = 0
stopsignal = KILL
stdout_logfile = /dev/null
stderr_logfile = /dev/null
`, dir, b.file("receiver"))
	file := filepath.Join(dir, "supervisord.conf")
	argv0, err := exec.LookPath("supervisord")
	return []string{argv0, "-c", file}, errors.Join(err, os.WriteFile(file, []byte(text), 0o644))
}

// open starts the supervisor and waits until its services run. A site that cannot be
// opened is absent.
func (s *site) open(b *bench) {
	s.null = -1
	if s.absent != "" {
		return
	}
	if err := s.launch(b); err != nil {
		s.absent = s.child.explain(err).Error()
		progress("%v", err)
	}
}

func (s *site) launch(b *bench) (err error) {
	b.started++
	s.dir = b.state(fmt.Sprintf("control.%d", b.started))
	if err := os.Mkdir(s.dir, 0o755); err != nil {
		return err
	}
	argv, err := s.arrange(b, s.dir)
	if err != nil {
		return err
	}
	if s.null, err = unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0); err != nil {
		return os.NewSyscallError("open", err)
	}
	if s.child, err = b.start(argv...); err != nil {
		return err
	}
	if !s.silent {
		if err := s.child.read(make([]byte, recordSize)); err != nil {
			return err
		}
	}
	// The service may run before the supervisor can be asked.
	for deadline := time.Now().Add(patience); ; pause(20 * time.Millisecond) {
		for _, a := range s.askers {
			if _, err = s.ask(a.argv(s.dir)); err != nil {
				break
			}
		}
		if err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

// close ends the supervisor. Its services are left to sweep.
func (s *site) close() {
	if s.null >= 0 {
		_ = unix.Close(s.null)
	}
	if s.child == nil {
		return
	}
	if s.asked {
		s.terminate()
	}
	s.child.kill()
}

// terminate asks the supervisor to end, and waits for it as long as it is reasonable.
func (s *site) terminate() {
	fd, err := unix.PidfdOpen(s.child.pid, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	_ = syscall.Kill(s.child.pid, syscall.SIGTERM)
	_ = readable(fd, time.Now().Add(patience))
}
