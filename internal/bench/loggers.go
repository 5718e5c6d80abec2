package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"supervise/internal/bench/role"
)

// logger is a program that writes into files what services write.
type logger struct {
	name    string
	absent  string // why it is skipped
	stamped bool   // it adds the time to each line

	// One that starts its services itself, as a manager: its configuration and command line.
	arrange func(b *bench, dir string, services [][]string) ([]string, error)
	// Otherwise one for each service, which has its output as standard input: the command line
	// for a file in a directory, and what it makes of a file's name.
	pipe func(dir string) []string
	file string // where its lines are, in its directory
}

// logSize is the size at which all but cat rotate, and they keep two old files.
const logSize = 16 << 20

// The names that goals refer to.
const (
	catLog        = "cat, no rotation"
	superLog      = "supervisord"
	stampedLog    = "s6-log t"
	superviseJSON = superviseRun + ", JSON"
)

// loggers returns all there are.
func (b *bench) loggers() (all []logger) {
	for _, r := range b.releases() {
		absent := lacksRun(r.full)
		all = append(
			all,
			logger{name: superviseRun + r.suffix, absent: absent, arrange: logsOfSupervise(r.full, "text"), file: "log"},
			logger{name: superviseJSON + r.suffix, absent: absent, stamped: true, arrange: logsOfSupervise(r.full, "json"), file: "log"},
		)
	}
	if b.oursOnly {
		return all
	}
	s6 := func(more ...string) func(string) []string {
		return func(dir string) []string {
			return append(append([]string{"s6-log", "--", "n2", fmt.Sprint("s", logSize)}, more...), dir)
		}
	}
	multilog := func(dir string) []string { return []string{"multilog", "n3", fmt.Sprint("s", logSize-1), dir} }
	return append(
		all,
		logger{name: catLog, pipe: func(string) []string { return []string{"cat"} }, file: "log"},
		logger{name: "s6-log", absent: notInstalled("s6-log"), pipe: s6(), file: "current"},
		logger{name: "multilog", absent: notInstalled("multilog"), pipe: multilog, file: "current"},
		logger{name: superLog, absent: notInstalled("supervisord"), arrange: logsOfSupervisord, file: "log"},
		logger{name: stampedLog, absent: notInstalled("s6-log"), stamped: true, pipe: s6("t"), file: "current"},
	)
}

func logsOfSupervise(program, format string) func(*bench, string, [][]string) ([]string, error) {
	return func(_ *bench, dir string, services [][]string) ([]string, error) {
		var text strings.Builder
		fmt.Fprintf(&text, "[supervisor]\nruntime-dir = %q\n", filepath.Join(dir, "run"))
		for i, argv := range services {
			fmt.Fprintf(&text, "\n[service.s%04d]\ncommand = [\"%s\"]\nrestart = { policy = \"never\" }\n", i, strings.Join(argv, `", "`))
			fmt.Fprintf(&text, "log = { file = %q, format = %q, max-size = %d, keep = 2 }\n", filepath.Join(logDir(dir, i), "log"), format, logSize)
		}
		file := filepath.Join(dir, "services.toml")
		return []string{program, "run", file}, os.WriteFile(file, []byte(text.String()), 0o644)
	}
}

func logsOfSupervisord(_ *bench, dir string, services [][]string) ([]string, error) {
	var text strings.Builder
	fmt.Fprintf(&text, "[supervisord]\nnodaemon = true\nlogfile = /dev/null\nlogfile_maxbytes = 0\npidfile = %s/pid\nuser = root\n", dir)
	for i, argv := range services {
		fmt.Fprintf(&text, "\n[program:s%04d]\ncommand = %s\nautorestart = false\nstartsecs = 0\nstderr_logfile = NONE\n", i, strings.Join(argv, " "))
		fmt.Fprintf(&text, "stdout_logfile = %s\nstdout_logfile_maxbytes = %d\nstdout_logfile_backups = 2\n", filepath.Join(logDir(dir, i), "log"), logSize)
	}
	file := filepath.Join(dir, "supervisord.conf")
	argv := []string{"supervisord", "-c", file}
	var err error
	if argv[0], err = exec.LookPath(argv[0]); err != nil {
		return nil, err
	}
	return argv, os.WriteFile(file, []byte(text.String()), 0o644)
}

// logDir is the directory of a service's log.
func logDir(dir string, i int) string { return filepath.Join(dir, fmt.Sprintf("log%04d", i)) }

// talkers are services with what writes down what they write.
type talkers struct {
	logger
	dir     string
	fifo    *fifo
	loggers []int // processes that write the files
	count   int
}

// talk starts services that write, and their loggers. The services wait for begin.
func (b *bench) talk(l logger, count, total, size, rate int) (t *talkers, err error) {
	b.started++
	t = &talkers{logger: l, dir: b.file(fmt.Sprintf("logs.%d", b.started)), count: count}
	if err := os.Mkdir(t.dir, 0o755); err != nil {
		return nil, err
	}
	announce := filepath.Join(t.dir, "announce")
	if t.fifo, err = openFIFO(announce); err != nil {
		return nil, err
	}
	if err := syscall.Mkfifo(t.start(), 0o600); err != nil {
		return t, os.NewSyscallError("mkfifo", err)
	}
	var services [][]string
	for i := range count {
		if err := os.Mkdir(logDir(t.dir, i), 0o755); err != nil {
			return t, err
		}
		services = append(services, []string{
			b.self, role.Name, "talk", announce, t.start(), fmt.Sprint(total), fmt.Sprint(size), fmt.Sprint(rate),
		})
	}
	if l.arrange == nil {
		for i, argv := range services {
			if err := t.pair(i, argv); err != nil {
				return t, err
			}
		}
		return t, nil
	}
	argv, err := l.arrange(b, t.dir, services)
	if err != nil {
		return t, err
	}
	return t, t.spawn(argv, 0, 1, true)
}

// errors is the file for what all of them have to say.
func (t *talkers) errors() string { return filepath.Join(t.dir, "errors") }

// start is the FIFO that the services wait for.
func (t *talkers) start() string { return filepath.Join(t.dir, "go") }

// pair starts a service and its own logger with a pipe between them.
func (t *talkers) pair(i int, service []string) error {
	var ends [2]int
	if err := syscall.Pipe2(ends[:], syscall.O_CLOEXEC); err != nil {
		return os.NewSyscallError("pipe2", err)
	}
	defer syscall.Close(ends[0])
	defer syscall.Close(ends[1])
	argv := t.pipe(logDir(t.dir, i))
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return err
	}
	out, err := os.OpenFile(filepath.Join(logDir(t.dir, i), "log"), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer out.Close()
	if err := t.spawn(append([]string{path}, argv[1:]...), ends[0], int(out.Fd()), true); err != nil {
		return err
	}
	return t.spawn(service, 0, ends[1], false)
}

func (t *talkers) spawn(argv []string, in, out int, logs bool) error {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	errs, err := os.OpenFile(t.errors(), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer errs.Close()
	files := []uintptr{uintptr(in), uintptr(out), errs.Fd()}
	for i, fd := range files[:2] {
		if fd <= 2 {
			files[i] = null.Fd()
		}
	}
	pid, err := syscall.ForkExec(argv[0], argv, &syscall.ProcAttr{
		Env: os.Environ(), Files: files, Sys: &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL},
	})
	if err != nil {
		return fmt.Errorf("cannot start %s: %w", argv[0], err)
	}
	if logs {
		t.loggers = append(t.loggers, pid)
	}
	return nil
}

// close kills everything and removes the logs.
func (t *talkers) close() error {
	for _, pid := range t.loggers {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	t.fifo.close()
	return errors.Join(sweep(), os.RemoveAll(t.dir))
}
