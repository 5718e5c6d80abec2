package supervisor

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"supervise/supervisor/machine"
	"supervise/supervisor/process"
)

// spawn carries out the starts of one step. Several are made at once, as many as threads
// may run Go code ([Hurry] doubles that): each waits until the kernel has loaded a program. The loop waits for all of
// them, so that nothing else, an end above all, can come in between.
func (s *Supervisor) spawn() {
	starts := s.starts
	s.starts = nil
	if len(starts) == 0 {
		return
	}
	made := make([]made, len(starts))
	var next atomic.Int64
	work := func() {
		for i := next.Add(1) - 1; i < int64(len(starts)); i = next.Add(1) - 1 {
			child, err := s.start(s.services[starts[i].Service])
			made[i].pid, made[i].err = child.PID, err
		}
	}
	var helpers sync.WaitGroup
	for range min(len(starts), runtime.GOMAXPROCS(0)) - 1 {
		helpers.Go(work)
	}
	work()
	helpers.Wait()
	for i, action := range starts {
		s.result(s.started(s.services[action.Service], action.Gen, made[i]))
	}
}

// made is what came of one start.
type made struct {
	pid int
	err error
}

// started takes note of a start and returns the event that tells of it.
func (s *Supervisor) started(service *service, gen machine.Gen, made made) machine.Event {
	if made.err != nil {
		return machine.Event{
			Kind: machine.SpawnFailed, Service: service.id, Gen: gen,
			Permanent: !temporary(made.err), Reason: made.err.Error(),
		}
	}
	service.gen, service.pid, service.blows = gen, made.pid, nil
	service.paused = false
	service.tree.Started(made.pid)
	s.leaders[made.pid] = service
	return machine.Event{Kind: machine.Spawned, Service: service.id, Gen: gen, PID: int32(made.pid)}
}

// temporary reports whether a start may succeed later although nothing is changed: only
// because something was short.
func temporary(err error) bool {
	var failure *process.StartError
	if errors.As(err, &failure) {
		return failure.Temporary()
	}
	// EAGAIN: cgroup.max.descendants, cgroups(7).
	for _, shortage := range []error{unix.EMFILE, unix.ENFILE, unix.ENOMEM, unix.EAGAIN, unix.ENOSPC} {
		if errors.Is(err, shortage) {
			return true
		}
	}
	return false
}

// start makes a process of a service. It touches nothing but the service and what may be
// used from several goroutines.
func (s *Supervisor) start(service *service) (process.Process, error) {
	spec := service.spec
	env, err := s.environment(service)
	if err != nil {
		return process.Process{}, err
	}
	path, havePath := lookup(env, "PATH")
	file, err := process.Lookup(spec.Command[0], path, havePath)
	if err != nil {
		return process.Process{}, err
	}
	cgroup, hasCgroup, err := service.tree.CgroupFD()
	if err != nil {
		return process.Process{}, err
	}
	files, closeEnds, err := s.attach(service)
	if err != nil {
		return process.Process{}, err
	}
	defer closeEnds()
	unlock, err := s.filter.set(spec.Core.Filter)
	if err != nil {
		return process.Process{}, err
	}
	defer unlock()
	return process.Start(&process.Spec{
		Path: file, Argv: spec.Command, Env: env, Dir: spec.Directory,
		Mask: spec.Signals.Block, Ignore: spec.Signals.Ignore,
		Files: files, OnlyFiles: true, Placement: process.OwnSession,
		// The loop reaps, so that the pid is the child's for as long as we know it.
		NoPIDFD:    true,
		Limits:     limits(spec, s.in.Inherited().NoFile),
		Credential: service.who.credential,
		Umask:      int(spec.Umask.Mask), HasUmask: spec.Umask.Set,
		CgroupFD: cgroup, HasCgroup: hasCgroup,
	})
}

// attach returns the descriptors that a new generation gets as its first three.
func (s *Supervisor) attach(service *service) (files []int, done func(), err error) {
	service.ended, service.drain, service.report = false, nil, false
	s.release(service.worn...)
	service.worn = nil
	if service.pump == nil {
		return []int{s.null, 1, 2}, func() {}, nil
	}
	source, ends, err := service.pump.Attach(service.name())
	if err != nil {
		return nil, nil, err
	}
	if who := service.who.credential; who != nil {
		// So that it can open /dev/stdout, which is a path to the pipe.
		_ = unix.Fchown(ends.Stdout, int(who.UID), int(who.GID))
		_ = unix.Fchown(ends.Stderr, int(who.UID), int(who.GID))
	}
	service.source = source
	return []int{s.null, ends.Stdout, ends.Stderr}, ends.Close, nil
}
