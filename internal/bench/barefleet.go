package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"supervise/supervisor/process/tree"
)

// bareFleet is the lower bound for a fleet: only fork, exec, kill and wait.
func (b *bench) bareFleet(size int) (fleetCost, error) {
	return b.forkFleet(size, func(int) (*syscall.SysProcAttr, error) { return nil, nil })
}

// cgroupFleet is bareFleet with every service in a cgroup of its own, as supervise run has
// them where it can.
func (b *bench) cgroupFleet(size int) (got fleetCost, err error) {
	root := tree.Open("fleet", "fleet", tree.NoChildren{})
	if root.Dir() == "" {
		return got, root.Reason()
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	return b.forkFleet(size, func(i int) (*syscall.SysProcAttr, error) {
		path := filepath.Join(root.Dir(), strconv.Itoa(i))
		if err := os.Mkdir(path, 0o755); err != nil {
			return nil, err
		}
		fd, err := unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		return &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: fd}, err
	})
}

// forkFleet starts all services with the attributes that a function returns for each, and
// ends them.
func (b *bench) forkFleet(size int, attributes func(i int) (*syscall.SysProcAttr, error)) (got fleetCost, err error) {
	f, path, err := b.newFIFO()
	if err != nil {
		return got, err
	}
	defer f.close()
	start := now()
	var pids []int
	for i := range size {
		attr, err := attributes(i)
		if err != nil {
			return got, err
		}
		pid, err := syscall.ForkExec(b.file("tiny"), []string{"tiny", path}, &syscall.ProcAttr{
			Env: os.Environ(), Files: []uintptr{0, 1, 2}, Sys: attr,
		})
		if err != nil {
			return got, fmt.Errorf("cannot start service %d: %w", i, err)
		}
		pids = append(pids, pid)
		if attr != nil {
			_ = unix.Close(attr.CgroupFD)
		}
	}
	if got.up, _, err = f.all(start, size); err != nil {
		return got, err
	}
	start = now()
	for _, pid := range pids {
		_ = syscall.Kill(pid, syscall.SIGTERM)
	}
	for _, pid := range pids {
		_, _ = syscall.Wait4(pid, nil, 0, nil)
	}
	got.down = float64(now()-start) / 1e6
	return got, nil
}
