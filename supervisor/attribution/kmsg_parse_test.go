package attribution

import (
	"strings"
	"testing"
)

func TestKernelRecord(t *testing.T) {
	const (
		choice = "6,442,16385175286,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/oomtry,task_memcg=/oomtry/a,task=tail,pid=21536,uid=0\n"
		killed = "3,443,16385175331,-;Memory cgroup out of memory: Killed process 21536 (tail) total-vm:22192kB, anon-rss:19328kB, UID:0 pgtables:76kB oom_score_adj:0\n SUBSYSTEM=x\n"
	)
	tests := map[string]struct {
		record, reason string
		pid            int
	}{
		"choice":      {choice, "memory cgroup /oomtry was full", 21536},
		"killed":      {killed, "its memory cgroup was full", 21536},
		"global":      {"6,1,1,-;oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/,task=a b,pid=7,uid=1\n", "the machine was out of memory", 7},
		"cpuset":      {"6,1,1,-;oom-kill:constraint=CONSTRAINT_CPUSET,nodemask=0,cpuset=x,mems_allowed=0,global_oom,task_memcg=/,task=a,pid=7,uid=1\n", "the memory nodes that it may use were full", 7},
		"killed-all":  {"3,1,1,-;Out of memory (oom_kill_allocating_task): Killed process 9 (x) total-vm:1kB\n", "the machine was out of memory", 9},
		"linux-4":     {"3,1,1,-;Killed process 9 (x) total-vm:1kB\n", "", 9},
		"name-is-pid": {"6,1,1,-;oom-kill:constraint=CONSTRAINT_NONE,task_memcg=/,task=a,pid=1,uid=2,pid=7,uid=1\n", "the machine was out of memory", 7},

		"a user's":       {strings.Replace(killed, "3,", "11,", 1), "", 0},
		"a crasher's":    {"6,1,1,-;Killed process [9]: segfault at 0 ip 0 sp 0 error 4 in x\n", "", 0},
		"quoted":         {"6,1,1,-;x said: Killed process 9 (x)\n", "", 0},
		"no name":        {"3,1,1,-;Out of memory: Killed process 9\n", "", 0},
		"pid 0":          {"3,1,1,-;Out of memory: Killed process 0 (x)\n", "", 0},
		"beyond":         {"3,1,1,-;Out of memory: Killed process 4294967297 (x)\n", "", 0},
		"in the extras":  {"3,1,1,-;x\n Out of memory: Killed process 9 (x)\n", "", 0},
		"cut":            {strings.TrimSuffix(choice, ",uid=0\n"), "", 0},
		"no task":        {"6,1,1,-;oom-kill:constraint=CONSTRAINT_NONE,pid=7,uid=1\n", "", 0},
		"no prefix":      {"Killed process 9 (x)", "", 0},
		"nothing at all": {"", "", 0},
	}
	for name, test := range tests {
		kill, ok := parseKernelRecord(test.record)
		if kill.pid != test.pid && ok || ok != (test.pid != 0) || ok && kill.reason != test.reason {
			t.Errorf("%s: pid %d, %q, %v", name, kill.pid, kill.reason, ok)
		}
	}
}

// FuzzKernelRecord has anyone's text as a record of the kernel's log. A name that a process
// has given itself must not make another process the victim.
func FuzzKernelRecord(f *testing.F) {
	f.Add("tail", "6,442,1,-;oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/a,task_memcg=/a,task=tail,pid=21536,uid=0\n")
	f.Add(",pid=9,uid=1", "3,443,1,-;Memory cgroup out of memory: Killed process 21536 (tail) total-vm:22192kB\n")
	f.Add("\n3,1,1,-;", "11,1,1,c;x\n")
	f.Fuzz(func(t *testing.T, name, record string) {
		if kill, ok := parseKernelRecord(record); ok != (kill.pid > 0) && ok {
			t.Errorf("%q: pid %d", record, kill.pid)
		}
		if strings.Contains(name, "\n") || len(name) > 15 {
			return // the kernel writes it as \x0a, and cuts it
		}
		for _, record := range []string{
			"6,1,1,-;oom-kill:constraint=CONSTRAINT_NONE,task_memcg=/,task=" + name + ",pid=5,uid=0\n",
			"3,1,1,-;Out of memory: Killed process 5 (" + name + ") total-vm:1kB\n",
		} {
			if kill, ok := parseKernelRecord(record); !ok || kill.pid != 5 {
				t.Errorf("%q: pid %d, %v", record, kill.pid, ok)
			}
		}
	})
}
