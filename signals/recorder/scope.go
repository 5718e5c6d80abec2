package recorder

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"supervise/internal/bpf"
)

// Scope says whose signals are recorded: those for the processes below a directory of
// the cgroup2 hierarchy, whose subdirectories are the services'; or, without one, those for the
// descendants of the process that has started the caller.
type Scope struct {
	Cgroup string

	own bool // the descendants of the caller itself
}

// scope is a Scope as the program needs it.
type scope struct {
	parent    int    // whose descendants, in the first PID namespace; 0: by cgroup
	level     int    // of the reader's PID namespace
	namespace uint32 // its inode

	cgroupLevel int // below the root of the hierarchy
	cgroupID    uint64
}

// The first namespaces have fixed inodes: PROC_PID_INIT_INO and PROC_CGROUP_INIT_INO in the
// kernel's linux/proc_ns.h.
const (
	firstPIDs    = 0xeffffffc
	firstCgroups = 0xeffffffb
)

// resolve finds out what the kernel has to look for.
func (s Scope) resolve() (*scope, error) {
	r := &scope{parent: os.Getppid(), namespace: inode("/proc/self/ns/pid")}
	if r.namespace != firstPIDs {
		var err error
		if r.level, r.parent, err = family(); err != nil {
			return nil, err
		}
	}
	if s.own {
		r.parent = os.Getpid()
	}
	// Below a namespace the depth of a cgroup is not known.
	if s.Cgroup != "" && inode("/proc/self/ns/cgroup") == firstCgroups {
		level, id, err := locate(s.Cgroup)
		if err == nil {
			r.parent, r.cgroupLevel, r.cgroupID = 0, level, id
		}
	}
	return r, nil
}

func inode(path string) uint32 {
	var st unix.Stat_t
	if unix.Stat(path, &st) != nil {
		return 0
	}
	return uint32(st.Ino)
}

// family is the level of our PID namespace, and the pid of our parent in the first one, which
// only the kernel knows: a walk over our own task.
func family() (level, parent int, err error) {
	w := want()
	walk := bpf.Iterator("task")
	w.Structs["bpf_iter__task"] = []string{"meta", "task"}
	w.Structs["bpf_iter_meta"] = []string{"seq"}
	w.Hooks = []bpf.Hook{walk}
	types, err := bpf.KernelTypes(w)
	if err != nil {
		return 0, 0, err
	}
	p := program{types: types}
	p.Move(context, bpf.R1)
	p.Load(bpf.Double, target, context, p.at("bpf_iter__task", "task"))
	p.IfConst(target, bpf.Equal, 0, "out")
	p.Load(bpf.Double, bpf.R1, target, p.at("task_struct", "real_parent"))
	p.IfConst(bpf.R1, bpf.Equal, 0, "out")
	p.Load(bpf.Word, bpf.R1, bpf.R1, p.at("task_struct", "tgid"))
	p.Store(bpf.Word, bpf.R10, valueSlot, bpf.R1)
	p.Load(bpf.Double, bpf.R1, target, p.at("task_struct", "signal"))
	p.IfConst(bpf.R1, bpf.Equal, 0, "out")
	p.Load(bpf.Double, bpf.R1, bpf.R1, p.at("signal_struct", "pids")+8)
	p.IfConst(bpf.R1, bpf.Equal, 0, "out")
	p.Load(bpf.Word, bpf.R1, bpf.R1, p.at("pid", "level"))
	p.Store(bpf.Word, bpf.R10, valueSlot+4, bpf.R1)
	p.Load(bpf.Double, bpf.R1, context, p.at("bpf_iter__task", "meta"))
	p.Load(bpf.Double, bpf.R1, bpf.R1, p.at("bpf_iter_meta", "seq"))
	p.Move(bpf.R2, bpf.R10)
	p.DoConst(bpf.Add, bpf.R2, valueSlot)
	p.Set(bpf.R3, 8)
	p.Call(bpf.SeqWrite)
	p.Label("out")
	p.Return()
	if err := types.Missing(); err != nil {
		return 0, 0, err
	}
	loaded, err := bpf.Load("sv_family", types, walk, &p.Code)
	if err != nil {
		return 0, 0, err
	}
	defer loaded.Close()
	tasks, err := loaded.Iterate(os.Getpid())
	if err != nil {
		return 0, 0, err
	}
	defer tasks.Close()
	var raw [8]byte
	if n, err := tasks.Read(raw[:]); err != nil || n < len(raw) {
		return 0, 0, fmt.Errorf("read a BPF iterator: %d bytes: %w", n, errors.Join(err, unix.EIO))
	}
	return int(bpf.Number[uint32](raw[:], 4)), int(bpf.Number[uint32](raw[:], 0)), nil
}

// locate is how deep a directory of the cgroup2 hierarchy is, and its id.
func locate(directory string) (level int, id uint64, err error) {
	real, err := filepath.EvalSymlinks(directory)
	if err != nil {
		return 0, 0, err
	}
	info, err := os.Stat(real)
	if err != nil {
		return 0, 0, err
	}
	for at := real; at != "/"; at, level = filepath.Dir(at), level+1 {
		var above unix.Statfs_t
		if err := unix.Statfs(filepath.Dir(at), &above); err != nil {
			return 0, 0, err
		}
		if above.Type != unix.CGROUP2_SUPER_MAGIC {
			break
		}
	}
	return level, info.Sys().(*syscall.Stat_t).Ino, nil
}

// within leaves the program unless target is in the scope, and notes in which part of it.
func (p *program) within() {
	p.StoreConst(bpf.Double, bpf.R10, rootSlot, 0)
	p.StoreConst(bpf.Double, bpf.R10, cgroupSlot, 0)
	if p.scope.cgroupID != 0 {
		p.withinCgroup()
		return
	}
	p.descends()
}

// mostAncestors is how far up the supervisor is looked for. Orphans are its children, however
// deep they were.
const mostAncestors = 24

// descends leaves the program unless target descends from the supervisor.
func (p *program) descends() {
	p.Move(other, target)
	for range mostAncestors {
		p.Load(bpf.Double, bpf.R2, other, p.at("task_struct", "real_parent"))
		p.IfConst(bpf.R2, bpf.Equal, 0, "out")
		p.Load(bpf.Word, bpf.R1, bpf.R2, p.at("task_struct", "tgid"))
		p.IfConst(bpf.R1, bpf.Equal, p.scope.parent, "descends")
		p.IfConst(bpf.R1, bpf.AtMost, 1, "out")
		p.Move(other, bpf.R2)
	}
	p.Jump("out")
	p.Label("descends")
	p.Load(bpf.Word, bpf.R1, other, p.at("task_struct", "tgid"))
	p.Store(bpf.Double, bpf.R10, rootSlot, bpf.R1)
}

// withinCgroup leaves the program unless target is in the cgroup of a service.
func (p *program) withinCgroup() {
	p.Load(bpf.Double, bpf.R1, target, p.at("task_struct", "cgroups"))
	p.IfConst(bpf.R1, bpf.Equal, 0, "out")
	p.Load(bpf.Double, bpf.R1, bpf.R1, p.at("css_set", "dfl_cgrp"))
	p.IfConst(bpf.R1, bpf.Equal, 0, "out")
	p.Load(bpf.Word, bpf.R2, bpf.R1, p.at("cgroup", "level"))
	p.IfConst(bpf.R2, bpf.AtMost, p.scope.cgroupLevel, "out")
	p.Store(bpf.Double, bpf.R10, chainSlot, bpf.R1)
	p.ancestor(p.scope.cgroupLevel)
	p.Load(bpf.Double, bpf.R1, bpf.R10, valueSlot)
	p.Set(bpf.R2, int64(p.scope.cgroupID))
	p.If(bpf.R1, bpf.NotEqual, bpf.R2, "out")
	p.ancestor(p.scope.cgroupLevel + 1)
	p.Load(bpf.Double, bpf.R1, bpf.R10, valueSlot)
	p.Store(bpf.Double, bpf.R10, cgroupSlot, bpf.R1)
}

// ancestor puts the id of the ancestor, at a level, of the cgroup in chainSlot into valueSlot.
func (p *program) ancestor(level int) {
	p.Load(bpf.Double, bpf.R1, bpf.R10, chainSlot)
	if p.types.Has("cgroup", "ancestor_ids") { // before Linux 6.1
		p.peekNumber(p.at("cgroup", "ancestor_ids")+8*level, 8)
		return
	}
	for _, offset := range []int{p.at("cgroup", "ancestors") + 8*level, p.at("cgroup", "kn"), p.at("kernfs_node", "id")} {
		p.peekNumber(offset, 8)
		p.Load(bpf.Double, bpf.R1, bpf.R10, valueSlot)
	}
}
