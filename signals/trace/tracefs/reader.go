package tracefs

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/trace"
)

// calls are those that send signals, with the names of the arguments: the pid or tid, and the
// signal.
var calls = map[string][2]string{
	"kill": {"pid: ", "sig: "}, "tkill": {"pid: ", "sig: "}, "tgkill": {"tgid: ", "sig: "},
	"rt_sigqueueinfo": {"pid: ", "sig: "}, "rt_tgsigqueueinfo": {"tgid: ", "sig: "}, "pidfd_send_signal": {"pidfd: ", "sig: "},
}

// reader makes records of events. It knows which processes the filter has, and looks into
// /proc for what the events lack.
type reader struct {
	filter  trace.Filter
	groups  []string       // the filter's cgroups as in /proc/PID/cgroup
	members map[int32]bool // processes of the filter; false for one that is seen aside
	threads map[int]*trace.Thread
	entered map[int]entry // by tid: the call that it is in
	told    bool          // events say which new tasks are threads
}

type entry struct{ pid, signal int64 }

func newReader(f trace.Filter) reader {
	r := reader{filter: f, members: map[int32]bool{}, threads: map[int]*trace.Thread{}, entered: map[int]entry{}}
	for _, pid := range f.PIDs {
		r.members[int32(pid)] = true
	}
	return r
}

// Follow adds a process to the filter.
func (r *reader) Follow(pid int) error {
	r.members[int32(pid)] = true
	return nil
}

// thread describes a thread by what /proc says of it now, once.
func (r *reader) thread(tid int, comm string) trace.Thread {
	t := r.threads[tid]
	if t == nil {
		t = &trace.Thread{PID: int32(tid), TID: int32(tid), NSPID: -1, UID: -1, CgroupID: -1}
		_ = sys.ReadProc("/proc/"+strconv.Itoa(tid)+"/status", func(status string) error {
			describe(status, t)
			return nil
		})
		if tid == 0 {
			t.PID, t.UID, t.NSPID = 0, 0, 0
		}
		r.threads[tid] = t
	}
	if comm != "" && comm != "<...>" {
		t.Comm = trace.Name{}
		copy(t.Comm[:15], comm)
	}
	return *t
}

// describe reads the lines of /proc/PID/status that a thread is described by. The pids of one that
// is reaped at that moment are 0 there.
func describe(status string, t *trace.Thread) {
	for line := range strings.Lines(status) {
		name, value, _ := strings.Cut(line, ":")
		fields := strings.Fields(value)
		if len(fields) == 0 {
			continue
		}
		n, err := strconv.ParseInt(fields[0], 10, 64)
		switch name {
		case "Name":
			copy(t.Comm[:15], strings.TrimSpace(value))
		case "Tgid":
			if err == nil && n > 0 {
				t.PID = int32(n)
			}
		case "Uid":
			if err == nil {
				t.UID = n
			}
		case "NStgid":
			if n, err = strconv.ParseInt(fields[len(fields)-1], 10, 32); err == nil && n > 0 {
				t.NSPID = int32(n)
			}
		}
	}
}

// member reports whether a process is one of the filter's.
func (r *reader) member(pid int32) bool {
	if r.filter.All {
		return true
	}
	in, known := r.members[pid]
	if !known && len(r.groups) > 0 && pid > 0 {
		in = r.inCgroup(pid)
		r.members[pid] = in
	}
	return in
}

func (r *reader) inCgroup(pid int32) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(int(pid)) + "/cgroup")
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		path, ok := strings.CutPrefix(strings.TrimSpace(line), "0::")
		for _, group := range r.groups {
			if ok && (path == group || strings.HasPrefix(path, strings.TrimSuffix(group, "/")+"/")) {
				return true
			}
		}
	}
	return false
}

// addGroup adds a cgroup's directory, and the processes that are in it and below now: what has
// ended when its line is read cannot be asked.
func (r *reader) addGroup(dir string) error {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return err
	}
	group := ""
	for at := dir; ; at = filepath.Dir(at) {
		var s unix.Statfs_t
		if err := unix.Statfs(filepath.Dir(at), &s); err != nil {
			return err
		}
		if s.Type != unix.CGROUP2_SUPER_MAGIC || at == "/" {
			group = strings.TrimPrefix(dir, at)
			break
		}
	}
	r.groups = append(r.groups, "/"+strings.TrimPrefix(group, "/"))
	return filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return nil // it may have been removed meanwhile
		}
		text, _ := os.ReadFile(filepath.Join(path, "cgroup.procs"))
		for pid := range strings.FieldsSeq(string(text)) {
			if n, err := strconv.Atoi(pid); err == nil {
				r.members[int32(n)] = true
			}
		}
		return nil
	})
}

// record makes a record of an event, false if it is of no interest.
func (r *reader) record(e *Event, out *trace.Record) bool {
	*out = trace.Record{
		Time: e.Time, Task: r.thread(e.TID, e.Comm), SenderPID: -1, SenderUID: -1, Status: -1, Context: r.filter.Context,
		Target: trace.Thread{PID: -1, TID: -1, NSPID: -1, UID: -1, CgroupID: -1},
	}
	switch e.Name {
	case "signal_generate":
		return r.generate(e, out)
	case "signal_deliver":
		return r.deliver(e, out)
	case "task_newtask":
		r.newTask(e, out)
		return false
	case "sched_process_fork":
		return r.fork(e, out)
	case "sched_process_exec":
		out.Kind = trace.Executed
		out.File, _ = field(e.Text, "filename=")
		delete(r.threads, e.TID)
		return r.member(out.Task.PID)
	case "sched_process_exit":
		return r.exit(e, out)
	}
	return r.call(e, out)
}

func (r *reader) generate(e *Event, out *trace.Record) bool {
	signal, ok := e.Number("sig=")
	tid, ok2 := e.Number("pid=")
	code, _ := e.Number("code=")
	group, _ := e.Number("grp=")
	result, _ := e.Number("res=")
	if !ok || !ok2 || signal < 1 || signal > int64(signals.Max) || tid < 0 {
		return false
	}
	out.Kind, out.Signal, out.Code = trace.Sent, signals.Signal(signal), signals.Code(code)
	out.Group, out.Result = group != 0, trace.Result(result)
	out.Target = r.thread(int(tid), e.TargetComm())
	if out.Task.TID == out.Target.TID {
		out.Task.Comm = out.Target.Comm // that of the current thread may be from before it has executed a program
	}
	if r.filter.Signals != 0 && !r.filter.Signals.Has(out.Signal) {
		return false
	}
	if r.member(out.Target.PID) {
		return true
	}
	if !r.member(out.Task.PID) {
		return false
	}
	r.members[out.Target.PID] = false
	return true
}

func (r *reader) deliver(e *Event, out *trace.Record) bool {
	signal, ok := e.Number("sig=")
	code, _ := e.Number("code=")
	handler, _ := e.Hex("sa_handler=")
	flags, _ := e.Hex("sa_flags=")
	if !ok || signal < 1 || signal > int64(signals.Max) {
		return false
	}
	out.Kind, out.Signal, out.Code = trace.Delivered, signals.Signal(signal), signals.Code(code)
	out.Handler, out.Actions = handler, flags
	out.Bare = out.Signal == signals.SIGKILL
	if !out.Bare && r.filter.Signals != 0 && !r.filter.Signals.Has(out.Signal) {
		return false
	}
	_, known := r.members[out.Task.PID]
	out.Aside = !r.member(out.Task.PID)
	return known || !out.Aside
}

// newTask notes a thread: it may have ended before anybody can look.
func (r *reader) newTask(e *Event, out *trace.Record) {
	text, _, _ := strings.Cut(e.Text, " ") // the name behind it may look like a pid
	child, ok := number(text, "pid=")
	flags, ok2 := e.Hex("clone_flags=")
	if !ok || !ok2 {
		return
	}
	r.told = true
	delete(r.threads, int(child))
	if flags&unix.CLONE_THREAD != 0 {
		t := out.Task
		t.TID = int32(child)
		r.threads[int(child)] = &t
	}
}

func (r *reader) fork(e *Event, out *trace.Record) bool {
	child, ok := e.Number("child_pid=")
	if !ok {
		return false
	}
	if !r.told {
		delete(r.threads, int(child))
	}
	out.Target = r.thread(int(child), "")
	if out.Target.PID != int32(child) {
		return false // a thread
	}
	parent := r.member(out.Task.PID)
	if parent && (r.filter.Descendants || len(r.groups) > 0) {
		r.members[int32(child)] = true
	}
	out.Kind = trace.Forked
	return parent && r.filter.Context
}

func (r *reader) exit(e *Event, out *trace.Record) bool {
	delete(r.entered, e.TID)
	delete(r.threads, e.TID)
	dead, told := field(e.Text, "group_dead=")
	if told && dead != "true" || !told && out.Task.PID != out.Task.TID {
		return false
	}
	out.Kind = trace.Exited
	in := r.member(out.Task.PID)
	_, known := r.members[out.Task.PID]
	delete(r.members, out.Task.PID)
	out.Context = out.Context && in
	return known || in
}

// call makes a record of the return of a call that failed, or that took a signal.
func (r *reader) call(e *Event, out *trace.Record) bool {
	name, ok := strings.CutPrefix(e.Name, "sys_")
	if !ok {
		return false
	}
	arguments, isCall := calls[name]
	text, returned := strings.CutPrefix(e.Text, " -> ")
	if !returned {
		pid, _ := e.Hex(arguments[0])
		signal, _ := e.Hex(arguments[1])
		r.entered[e.TID] = entry{int64(int32(pid)), int64(signal)}
		return false
	}
	call := r.entered[e.TID]
	delete(r.entered, e.TID)
	bits, err := strconv.ParseUint(strings.TrimPrefix(strings.TrimSpace(text), "0x"), 16, 64)
	result := int64(bits)
	if err != nil || !r.member(out.Task.PID) {
		return false
	}
	if name == "rt_sigtimedwait" {
		out.Kind, out.Signal = trace.Dequeued, signals.Signal(result)
		return result > 0 && result <= int64(signals.Max)
	}
	if !isCall || result == -int64(unix.EAGAIN) || result == 0 && call.signal != 0 {
		return false
	}
	out.Kind, out.Call, out.Errno, out.Signal = trace.Refused, name, int32(-result), signals.Signal(call.signal)
	if result == 0 {
		out.Kind = trace.Probed
	}
	if name != "pidfd_send_signal" {
		out.Target.PID = int32(call.pid)
	}
	return true
}
