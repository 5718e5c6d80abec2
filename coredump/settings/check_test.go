package settings

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"supervise/coredump"
)

// fine is a process of which there will be a core, and nothing to be said of it.
func fine(t *testing.T, pattern string) Subject {
	t.Helper()
	s := Subject{
		Kernel: Kernel{Pattern: pattern, PipeLimit: 8, Sockets: true, Requests: true, PIDFD: true},
		Process: Process{
			PID: 12, Name: "web", Executable: "/bin/web", Threads: 1, InnermostID: 12, SameUsers: true, SameMounts: true,
			Filter: coredump.Default, HasFilter: true, LimitsRead: true, Limit: coredump.Unlimited, HardCore: coredump.Unlimited,
			FileSize: coredump.Unlimited, Resident: 1 << 20,
		},
		Target: Target{Seen: true, Path: "/cores/web", Exact: true, Free: 1 << 30},
	}
	var err error
	if s.Pattern, err = s.Kernel.Parsed(); err != nil {
		t.Fatal(err)
	}
	return s
}

const (
	aFile   = "/cores/web"
	aPipe   = "|/bin/collect %F"
	aSocket = "@@/run/core"
)

// TestEachRule: every rule holds in the situation that it is about, and changes the verdict as
// its effect says. The reality of most is in TestReality.
func TestEachRule(t *testing.T) {
	tests := map[ID]struct {
		pattern string
		change  func(s *Subject)
	}{
		"no-memory":            {aFile, func(s *Subject) { s.Process.Memoryless = true }},
		"set-id":               {aFile, func(s *Subject) { s.Process.Private, s.Process.UIDs[1] = true, 5 }},
		"not-dumpable":         {aSocket, func(s *Subject) { s.Process.Private = true }},
		"no-cores":             {aFile, func(s *Subject) { s.NoCores = true }},
		"pattern-empty":        {"|", func(*Subject) {}},
		"kernel-too-old":       {aSocket, func(s *Subject) { s.Kernel.Requests = false }},
		"limit-zero":           {aFile, func(s *Subject) { s.Process.Limit = 0 }},
		"limit-below-page":     {aFile, func(s *Subject) { s.Process.Limit = 4095 }},
		"relative-for-root":    {"core", func(s *Subject) { s.Process.Private, s.Kernel.SuidDumpable = true, 2 }},
		"name-unusable":        {"/cores/", func(*Subject) {}},
		"directory-missing":    {aFile, func(s *Subject) { s.Target.Directory = unix.ENOENT }},
		"directory-closed":     {aFile, func(s *Subject) { s.Target.Write = unix.EACCES }},
		"directory-read-only":  {aFile, func(s *Subject) { s.Target.Write = unix.EROFS }},
		"name-taken":           {aFile, func(s *Subject) { s.Target.Taken = "a directory" }},
		"umask":                {aFile, func(s *Subject) { s.Process.Umask = 0o400 }},
		"no-owners":            {aFile, func(s *Subject) { s.Target.Loses = true }},
		"no-space":             {aFile, func(s *Subject) { s.Target.Free = 0 }},
		"file-size-limit-zero": {aFile, func(s *Subject) { s.Process.FileSize = 0 }},
		"limit-one":            {aPipe, func(s *Subject) { s.Process.Limit = 1 }},
		"program-missing":      {aPipe, func(s *Subject) { s.Target.Program = unix.ENOENT }},
		"program-unusable":     {aPipe, func(s *Subject) { s.Target.Program = errNoBits }},
		"limit-by-program":     {aPipe, func(s *Subject) { s.Target.Path, s.Process.Limit = "/lib/systemd/systemd-coredump", 0 }},
		"pipe-limit-reached":   {aPipe, func(s *Subject) { s.Target.Running = 8 }},
		"nobody-listens":       {aSocket, func(s *Subject) { s.Target.Socket = errNobody }},
		"socket-unusable":      {aSocket, func(s *Subject) { s.Target.Socket = errNoSocket }},
		"backlog-full":         {aSocket, func(s *Subject) { s.Target.Full = true }},
		"limit-small":          {aFile, func(s *Subject) { s.Process.Limit = 8192 }},
		"file-size-limit":      {aFile, func(s *Subject) { s.Process.FileSize = 8192 }},
		"space-short":          {aFile, func(s *Subject) { s.Target.Free = 8192 }},
		"filter-no-stacks":     {aSocket, func(s *Subject) { s.Process.Filter = 0x12 }},
		"overwritten":          {aFile, func(s *Subject) { s.Target.Overwrites = true }},
		"relative":             {"core", func(*Subject) {}},
		"other-mounts":         {aFile, func(s *Subject) { s.Process.SameMounts = false }},
		"pipe-limit":           {aPipe, func(*Subject) {}},
		"not-waited-for":       {aPipe, func(s *Subject) { s.Kernel.PipeLimit = 0 }},
		"program-decides":      {aPipe, func(*Subject) {}},
		"no-pidfd":             {aPipe, func(s *Subject) { s.Kernel.PIDFD = false }},
		"filter-no-headers":    {aFile, func(s *Subject) { s.Process.Filter = 0x1 }},
		"root-only":            {aFile, func(s *Subject) { s.Process.Private, s.Kernel.SuidDumpable = true, 2 }},
		"signal-caught":        {aFile, func(s *Subject) { s.Process.Caught = 1 << 10 }},
		"namespace-init":       {aFile, func(s *Subject) { s.Process.InnermostID = 1 }},
		"traced":               {aFile, func(s *Subject) { s.Process.Tracer = 7 }},
		"seccomp-strict":       {aFile, func(s *Subject) { s.Process.Strict = true }},
		"confined":             {aFile, func(s *Subject) { s.Process.Confined = "docker-default (enforce)" }},
		"not-ours-to-see":      {aSocket, func(s *Subject) { s.Inside = true }},
		"settings-read-only":   {aFile, func(s *Subject) { s.ReadOnly = true }},
	}
	for _, r := range rules() {
		test, ok := tests[r.id]
		if !ok {
			t.Errorf("%s has no test", r.id)
			continue
		}
		s := fine(t, test.pattern)
		test.change(&s)
		v := Check(s)
		if !slices.ContainsFunc(v.Reasons, func(reason Reason) bool { return reason.ID == r.id && reason.Effect == r.effect }) {
			t.Errorf("%s does not hold: %+v", r.id, v.Reasons)
		}
		if v.Core != (r.effect != None) || v.Complete != (r.effect == Note) {
			t.Errorf("%s: core %v, complete %v: %+v", r.id, v.Core, v.Complete, v.Reasons)
		}
	}
}

func TestFine(t *testing.T) {
	for _, pattern := range []string{aFile, aPipe, aSocket} {
		v := Check(fine(t, pattern))
		for _, r := range v.Reasons {
			if pattern != aPipe || r.ID != "program-decides" && r.ID != "pipe-limit" {
				t.Errorf("%s: %+v", pattern, r)
			}
		}
		text, err := json.Marshal(v)
		if err != nil || !v.Core || !v.Complete || !strings.Contains(string(text), `"unreadable":[]`) {
			t.Errorf("%s: %s, %v", pattern, text, err)
		}
	}
}

func TestKnown(t *testing.T) {
	for release, want := range map[string]Kernel{
		"6.15.9":          {},
		"6.16.0-rc1":      {Sockets: true, PIDFD: true},
		"6.17.3-generic":  {Sockets: true, PIDFD: true, Requests: true},
		"7.0.0":           {Sockets: true, PIDFD: true, Requests: true},
		"5.14.0-70.el9":   {},
		"not a release":   {},
		"10.1.2.3.4.5-x4": {Sockets: true, PIDFD: true, Requests: true},
	} {
		var k Kernel
		k.known(release)
		if k != want {
			t.Errorf("%s: %+v", release, k)
		}
	}
}

func TestHuman(t *testing.T) {
	for n, want := range map[uint64]string{0: "0 bytes", 999: "999 bytes", 1000: "1.0 kB", 8192: "8.2 kB", 44_400_000: "44 MB", 999_999: "1.0 MB", 1 << 63: "9223372 TB"} {
		if got := human(n); got != want {
			t.Errorf("human(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestStatus(t *testing.T) {
	var p Process
	p.status("Name:\ta\\nb\nUmask:\t0022\nTracerPid:\t7\nUid:\t1\t2\t3\t4\nGid:\t5\t5\t5\t5\nGroups:\t4 24 \nNSpid:\t812\t1\nVmRSS:\t  12 kB\nThreads:\t3\n" +
		"SigIgn:\t0000000000000001\nSigCgt:\t0000000000000400\nCapEff:\t000001ffffffffff\nSeccomp:\t1\n")
	if p.Name != "a\nb" || p.Umask != 0o22 || p.Tracer != 7 || p.UIDs != [4]uint32{1, 2, 3, 4} || !p.Changed() || !slices.Equal(p.Groups, []uint32{4, 24}) ||
		p.InnermostID != 1 || p.Resident != 12<<10 || p.Threads != 3 || p.Memoryless || p.Ignored != 1 || p.Caught != 0x400 || p.Effective != 0x1ffffffffff || !p.Strict {
		t.Errorf("%+v", p)
	}
	p.limits("Limit  Soft Limit  Hard Limit  Units\nMax file size             unlimited            unlimited            bytes\nMax core file size        4096                 unlimited            bytes\n")
	if p.Limit != 4096 || p.HardCore != coredump.Unlimited || p.FileSize != coredump.Unlimited || !p.LimitsRead {
		t.Errorf("%+v", p)
	}
}
