package launch

import (
	"os"
	"syscall"
	"time"

	"supervise/config"
	"supervise/supervisor/launch/environ"
	"supervise/supervisor/process"
)

// Launcher starts processes. Its methods may be called from several goroutines at once.
type Launcher struct {
	inherited *environ.Inherited
	noFile    Rlimit
	filter    coreFilter
	programs  programs
}

// New returns a Launcher for a supervisor that has this environment, NAME=value
// each, and was itself started with the descriptor limit noFile. Services get
// the limit, and of the environment what package environ says; the
// zero Rlimit leaves them the supervisor's present one.
func New(environment []string, noFile Rlimit) *Launcher {
	return &Launcher{
		inherited: environ.New(environment, uint32(os.Geteuid()), workingDirectory()),
		noFile:    noFile, filter: coreFilter{path: ownCoreFilter},
	}
}

// workingDirectory is ours as the kernel names it. [os.Getwd] would look at what PWD names,
// which may be on a file system that does not answer.
func workingDirectory() string {
	dir, _ := syscall.Getwd()
	return dir
}

// Cgroup is the cgroup that a process starts in. [tree.Tree] implements it.
type Cgroup interface {
	// CgroupFD returns the descriptor of a cgroup2 directory. ok is false if there are no
	// cgroups.
	CgroupFD() (fd int, ok bool, err error)
}

// Service is a service to be started.
type Service struct {
	Config   *config.Service
	Identity Identity
	Marks    []string // environment variables that nothing overrides, to recognise descendants
	Brand    uint64   // a limit without effect by which they are known, 0 for none: package tree
	Cgroup   Cgroup
	Files    [3]int // become its descriptors 0, 1 and 2

	// Warn, unless it is nil, is called by Start with what did not keep the service from
	// being started, but is not as the configuration has it.
	Warn func(text string)

	// Progress, unless it is nil, shows and can end the start.
	Progress *process.Progress
}

// doing says what the start is at.
func (s *Service) doing(what string) {
	if s.Progress != nil {
		s.Progress.Doing(what)
	}
}

func (s *Service) warn(text string) {
	if s.Warn != nil {
		s.Warn(text)
	}
}

// Start starts the main process of a service, in a session of its own. The caller reaps
// it. On an error there is no child, and [Temporary] says whether to try again. It waits for
// whatever the kernel waits for, maybe for ever.
func (l *Launcher) Start(service Service) (process.Process, error) {
	spec, err := l.spec(&service)
	if err != nil {
		return process.Process{}, err
	}
	spec.CgroupFD, spec.HasCgroup, err = service.Cgroup.CgroupFD()
	if err != nil {
		return process.Process{}, err
	}
	spec.Files, spec.Progress = service.Files[:], service.Progress
	return l.filter.start(spec, service.Config.Core.Filter)
}

// Begun is a start that was begun, and not waited for.
type Begun struct {
	launcher *Launcher
	process  process.Begun
	begun    bool
	service  Service
}

// HasChild reports whether there is a child to wait for.
func (b *Begun) HasChild() bool { return b.begun && b.process.HasChild() }

// Begin begins a start for a caller that must not wait: [Begun.Wait]. It needs a Progress.
func (l *Launcher) Begin(service Service) *Begun {
	b := &Begun{launcher: l, service: service}
	config := service.Config
	if config.EnvironmentFile != "" || config.Core.Filter != nil || len(service.Identity.Notes) > 0 {
		return b
	}
	env, err := l.environment(&service)
	if err != nil {
		return b
	}
	file, known := l.programs.get(config.Command[0], env)
	if !known {
		return b
	}
	spec := l.specOf(&service, file, env)
	if spec.CgroupFD, spec.HasCgroup, err = service.Cgroup.CgroupFD(); err != nil || !l.filter.tryShare() {
		return b
	}
	spec.Files, spec.Progress = service.Files[:], service.Progress
	b.process, b.begun = process.Begin(spec), true
	return b
}

// Wait waits until the service runs, but no longer than for the patience. If it runs, rest is
// nil; otherwise rest, which is to be called on another goroutine, does what remains.
func (b *Begun) Wait(patience time.Duration) (pid int, rest func() (process.Process, error)) {
	if !b.begun {
		return 0, func() (process.Process, error) { return b.launcher.Start(b.service) }
	}
	child, remains := b.process.Wait(int64(patience))
	if remains == nil {
		b.launcher.filter.release()
		return child.PID, nil
	}
	return 0, func() (process.Process, error) {
		defer b.launcher.filter.release()
		return remains()
	}
}

// spec says how to start a service, except for its cgroup and its output.
func (l *Launcher) spec(service *Service) (*process.Spec, error) {
	for _, text := range service.Identity.Notes {
		service.warn(text)
	}
	env, err := l.environment(service)
	if err != nil {
		return nil, err
	}
	service.doing("find " + service.Config.Command[0] + " in PATH")
	file, err := l.programs.find(service.Config.Command[0], env)
	if err != nil {
		return nil, err
	}
	return l.specOf(service, file, env), nil
}

// specOf is spec for a program that was found, and an environment.
func (l *Launcher) specOf(service *Service, file string, env []string) *process.Spec {
	spec := program(file, service.Config.Command, env)
	spec.Dir = service.Config.Directory
	spec.Mask, spec.Ignore = service.Config.Signals.Block, service.Config.Signals.Ignore
	spec.Limits = limits(service.Config.Core.Limit, l.noFile, service.Brand)
	spec.Credential = service.Identity.Credential
	spec.Umask, spec.HasUmask = int(service.Config.Umask.Mask), service.Config.Umask.Set
	return spec
}

// program is what services and hooks have in common: a session of its own, and no descriptors
// but those that it is given. It needs no pidfd: as the loop reaps, a pid cannot be reused while
// it is in use here.
func program(file string, argv, env []string) *process.Spec {
	return &process.Spec{
		Path: file, Argv: argv, Env: env,
		OnlyFiles: true, NoPIDFD: true, Placement: process.OwnSession,
	}
}
