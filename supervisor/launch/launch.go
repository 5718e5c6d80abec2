package launch

import (
	"supervise/config"
	"supervise/supervisor/process"
)

// Launcher starts processes. Its methods may be called from several goroutines at once.
type Launcher struct {
	inherited inheritance
	noFile    Rlimit
	filter    coreFilter
}

// New returns a Launcher for a supervisor that has the environment environ, NAME=value
// each, and was itself started with the descriptor limit noFile. Services get both; the
// zero Rlimit leaves them the supervisor's present one.
func New(environ []string, noFile Rlimit) *Launcher {
	return &Launcher{inherited: newInheritance(environ), noFile: noFile, filter: coreFilter{path: ownCoreFilter}}
}

// Cgroup is where a process is born. It is a part of tree.Tree.
type Cgroup interface {
	// CgroupFD returns the descriptor of a cgroup2 directory. ok is false if there are no
	// cgroups.
	CgroupFD() (fd int, ok bool, err error)
}

// Output is what a process writes to. It is a part of output.Route.
type Output interface {
	// Attach returns the descriptors that become 0, 1 and 2 of a new process. The user and
	// group that it runs as own what is made for it; -1 is the supervisor's, as in
	// chown(2). release comes when the process has been started, or could not be.
	Attach(uid, gid int) (files [3]int, release func(), err error)
}

// Service is a service that is to be started.
type Service struct {
	Config   *config.Service
	Identity Identity
	Marks    []string // variables that nothing overrides: descendants are known by them
	Brand    uint64   // a limit without effect by which they are known, 0 for none: package tree
	Cgroup   Cgroup
	Output   Output
}

// Start starts the main process of a service, in a session of its own. The caller reaps
// it. On an error there is no child, and [Temporary] says whether to try again.
func (l *Launcher) Start(service Service) (process.Process, error) {
	spec, err := l.spec(&service)
	if err != nil {
		return process.Process{}, err
	}
	spec.CgroupFD, spec.HasCgroup, err = service.Cgroup.CgroupFD()
	if err != nil {
		return process.Process{}, err
	}
	uid, gid := service.Identity.owner()
	files, release, err := service.Output.Attach(uid, gid)
	if err != nil {
		return process.Process{}, err
	}
	defer release()
	spec.Files = files[:]
	unlock, err := l.filter.set(service.Config.Core.Filter)
	if err != nil {
		return process.Process{}, err
	}
	defer unlock()
	return process.Start(spec)
}

// spec says how a service is started, but for its cgroup and its output.
func (l *Launcher) spec(service *Service) (*process.Spec, error) {
	env, err := l.environment(service)
	if err != nil {
		return nil, err
	}
	spec, err := program(service.Config.Command, env)
	if err != nil {
		return nil, err
	}
	spec.Dir = service.Config.Directory
	spec.Mask, spec.Ignore = service.Config.Signals.Block, service.Config.Signals.Ignore
	spec.Limits = limits(service.Config.Core.Limit, l.noFile, service.Brand)
	spec.Credential = service.Identity.Credential
	spec.Umask, spec.HasUmask = int(service.Config.Umask.Mask), service.Config.Umask.Set
	return spec, nil
}

// program is what services and hooks have in common: a command that is looked up in the
// PATH of its own environment, in a session of its own, with no descriptors but those that
// it is given. It needs no pidfd: the loop reaps, so that a pid is the child's for as long
// as it is known.
func program(argv, env []string) (*process.Spec, error) {
	path, havePath := lookup(env, "PATH")
	file, err := process.Lookup(argv[0], path, havePath)
	if err != nil {
		return nil, err
	}
	return &process.Spec{
		Path: file, Argv: argv, Env: env,
		OnlyFiles: true, NoPIDFD: true, Placement: process.OwnSession,
	}, nil
}
