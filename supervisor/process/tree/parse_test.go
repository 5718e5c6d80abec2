package tree

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestLocate(t *testing.T) {
	const hybrid = "24 30 0:22 / /sys/fs/cgroup rw shared:9 - tmpfs tmpfs rw\n" +
		"25 24 0:23 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n" +
		"26 24 0:24 / /sys/fs/cgroup/unified rw,nosuid - cgroup2 cgroup2 rw\n"
	for _, test := range []struct {
		name, mounts, membership, want string
	}{
		{"hybrid", hybrid, "8:pids:/x\n0::/\n", "/sys/fs/cgroup/unified"},
		{"below", hybrid, "8:pids:/x\n0::/user.slice/a b\n", "/sys/fs/cgroup/unified/user.slice/a b"},
		{"no newline", "26 24 0:24 / /cg rw - cgroup2 none rw", "0::/a", "/cg/a"},
		{"optional fields", "26 24 0:24 / /cg rw shared:1 master:2 - cgroup2 none rw\n", "0::/a\n", "/cg/a"},
		{"blank in the mount point", "26 24 0:24 / /my\\040cg rw - cgroup2 none rw\n", "0::/a\n", "/my cg/a"},
		{"part of the tree", "26 24 0:24 /docker/1 /cg rw - cgroup2 none rw\n", "0::/docker/1/init\n", "/cg/init"},
		{"the part itself", "26 24 0:24 /docker/1 /cg rw - cgroup2 none rw\n", "0::/docker/1\n", "/cg"},
		{"a part that is not ours, then all", "26 24 0:24 /docker/1 /one rw - cgroup2 none rw\n27 24 0:24 / /all rw - cgroup2 none rw\n", "0::/docker/12\n", "/all/docker/12"},
		{"another part", "26 24 0:24 /docker/1 /cg rw - cgroup2 none rw\n", "0::/docker/12\n", ""},
		{"version 1 only", "25 24 0:23 / /cg rw - cgroup cgroup rw,pids\n", "8:pids:/x\n", ""},
		{"not mounted", "25 24 0:23 / /cg rw - cgroup cgroup rw,pids\n", "0::/\n", ""},
		{"named like it", "25 24 0:23 / /cg rw - cgroup2x none rw\n", "0::/\n", ""},
		{"outside of the namespace", "26 24 0:24 / /cg rw - cgroup2 none rw\n", "0::/../other\n", ""},
		{"mounted outside of it", "26 24 0:24 /../.. /cg rw - cgroup2 none rw\n", "0::/\n", ""},
		{"nothing", "", "", ""},
	} {
		got, _, err := locate(test.mounts, test.membership)
		if got != test.want || (err == nil) != (test.want != "") || err != nil && !errors.Is(err, ErrNoCgroup) {
			t.Errorf("%s: %q, %v, want %q", test.name, got, err, test.want)
		}
	}
}

// TestOwnCgroup compares with the file in which the kernel says who is in a cgroup.
func TestOwnCgroup(t *testing.T) {
	dir, _, err := ownCgroup()
	if err != nil {
		t.Skip("no cgroup2 here:", err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	if err != nil {
		t.Skip("cannot see who is in our cgroup:", err)
	}
	if !strings.Contains("\n"+string(text), "\n"+strconv.Itoa(os.Getpid())+"\n") {
		t.Errorf("we are not in %s:\n%s", dir, text)
	}
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "/a": "/a", `/a\040b`: "/a b", `\011\012\134\043`: "\t\n\\#", `\134040`: `\040`,
		`\`: `\`, `\04`: `\04`, `a\777b`: `a\777b`, `\+40`: `\+40`, `\08x`: `\08x`, `\\040`: `\ `,
	} {
		if got := unescape(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

// statText is the text of a /proc/PID/stat.
func statText(name, state, threads string) []byte {
	return []byte("42 (" + name + ") " + state + " 1 40 41 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 " + threads + " 0 4711 8192 10 18446744073709551615 1 1\n")
}

func TestParseStat(t *testing.T) {
	want := entry{pid: 42, ppid: 1, group: 40, session: 41, started: 4711}
	for _, test := range []struct {
		name, state, threads string
		zombie               bool
	}{
		{"sleep", "S", "1", false},
		{"", "R", "1", false},
		{"a b) Z 1 2 3 (c", "D", "7", false},
		{")", "T", "1", false},
		{"\n)\n", "t", "1", false},
		{"dead", "Z", "1", true},
		{"dead too", "X", "0", true},
		{"its first thread has ended", "Z", "2", false},
	} {
		want.name, want.zombie = test.name, test.zombie
		if got, ok := parseStat(statText(test.name, test.state, test.threads)); got != want || !ok {
			t.Errorf("%q, state %s: %+v, %v, want %+v", test.name, test.state, got, ok, want)
		}
	}
	for _, bad := range []string{
		"", "42", "42 (", "42 )sleep(", "(sleep) S 1 2 3", "42 (sleep)", "42 (sleep) S 1 40 41",
		"x (sleep) S 1 40 41 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 4711 8192",
		"42 (sleep) S 1 40 41 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 99999999999999999999 8192",
	} {
		if got, ok := parseStat([]byte(bad)); ok {
			t.Errorf("%q is taken for %+v", bad, got)
		}
	}
}

func TestParseOwnStat(t *testing.T) {
	p, ok := readStat("self")
	if !ok || p.pid != os.Getpid() || p.ppid != os.Getppid() || p.zombie || p.started <= 0 {
		t.Errorf("we are %+v, %v", p, ok)
	}
	if p.name != commOf(os.Getpid()) {
		t.Errorf("our name is %q and %q", p.name, commOf(os.Getpid()))
	}
	if !p.same(os.Getpid()) {
		t.Error("we are not ourselves")
	}
	if _, ok := readStat("0"); ok || commOf(0) != "" {
		t.Error("there is a process 0")
	}
}

// FuzzParseStat looks for a name that gets itself taken for something else.
func FuzzParseStat(f *testing.F) {
	f.Add("sleep", uint16(7))
	f.Add(") Z 1 1 1 (", uint16(0))
	f.Fuzz(func(t *testing.T, name string, ppid uint16) {
		rest := ") S " + strconv.Itoa(int(ppid)) + " 40 41 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 4711 8192 10\n"
		want := entry{pid: 42, ppid: int(ppid), group: 40, session: 41, started: 4711, name: name}
		if got, ok := parseStat([]byte("42 (" + name + rest)); got != want || !ok {
			t.Errorf("%+v, %v, want %+v", got, ok, want)
		}
		_, _ = parseStat([]byte(name))
	})
}

// FuzzLocate holds locate to a directory below the mount point.
func FuzzLocate(f *testing.F) {
	f.Add("/", "/cg", "/a/b")
	f.Add("/a", `/c\040g`, "/a/../../b")
	f.Fuzz(func(t *testing.T, root, point, group string) {
		mounts := "26 24 0:24 " + root + " " + point + " rw - cgroup2 none rw\n"
		dir, _, err := locate(mounts, "8:pids:/x\n0::"+group+"\n")
		fields := strings.Fields(mounts)
		if err != nil || len(fields) < 5 || fields[3] != root || fields[4] != point {
			return
		}
		if mount := filepath.Clean(unescape(point)); dir != mount && !strings.HasPrefix(dir, strings.TrimSuffix(mount, "/")+"/") {
			t.Errorf("%q is not below %q", dir, mount)
		}
	})
}
