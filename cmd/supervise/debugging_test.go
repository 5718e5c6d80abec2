package main_test

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"

	"supervise/internal/bpf"
	"supervise/internal/testproc"
)

const debuggingPage = "../../docs/debugging.md"

// reader is the plain user of the page. Nobody else is, so that the number of signals that he has
// pending is known.
const reader = 61234

// rewriting reports whether the page is to be written anew: -update.
func rewriting() bool { return flag.Lookup("update").Value.String() == "true" }

// TestDebuggingPage types the commands of docs/debugging.md, and has them print what the page
// says, but for numbers that differ each time. With -update it writes what they print into the page.
func TestDebuggingPage(t *testing.T) {
	needRoot(t)
	if err := bpf.Permitted(); err != nil {
		t.Skip(err)
	}
	for _, tool := range []string{"cc", "unshare", "pgrep", "python3"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	if scope, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope"); err == nil && string(scope) != "0\n" {
		t.Skip("Yama does not let a plain user trace")
	}
	text, err := os.ReadFile(debuggingPage)
	if err != nil {
		t.Fatal(err)
	}
	stories := strings.Split(string(text), "\n## ")
	for i, story := range stories {
		if i == 0 {
			continue
		}
		title, _, _ := strings.Cut(story, "\n")
		t.Run(title, func(t *testing.T) {
			r := newReading(t)
			stories[i] = r.story(story)
		})
	}
	if rewriting() {
		if err := os.WriteFile(debuggingPage, []byte(strings.Join(stories, "\n## ")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// reading is somebody who reads a story and does what it says.
type reading struct {
	*testing.T
	dir      string
	consoles map[byte]*console // by their prompts
	pid      string
}

func newReading(t *testing.T) *reading {
	r := &reading{T: t, dir: openDir(t), consoles: map[byte]*console{}}
	if err := os.Symlink(entryBuild, filepath.Join(r.dir, "supervise")); err != nil {
		t.Fatal(err)
	}
	box := sandbox{cgroup: testproc.Cgroup(t)}
	cgroup, err := os.Open(box.cgroup)
	if err != nil {
		t.Fatal(err)
	}
	defer cgroup.Close()
	for prompt, uid := range map[byte]uint32{'#': 0, '$': reader} {
		r.consoles[prompt] = startConsole(t, r.dir, uid, int(cgroup.Fd()))
	}
	return r
}

// console is a shell that is typed into.
type console struct {
	in  io.Writer
	out *bufio.Reader
}

func startConsole(t *testing.T, dir string, uid uint32, cgroup int) *console {
	t.Helper()
	cmd := exec.Command("bash", "--norc", "--noprofile", "-m") // as in a terminal: jobs in the background ignore nothing
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + dir + ":/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL=C.UTF-8", "HOME=" + dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Credential: &syscall.Credential{Uid: uid, Gid: uid}, UseCgroupFD: true, CgroupFD: cgroup,
		Setsid: true, Setctty: true, Ctty: 2, // job control takes a terminal
	}
	terminal, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	t.Cleanup(func() { _ = terminal.Close() })
	go func() { _, _ = io.Copy(io.Discard, terminal) }() // what bash says of its jobs
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = write, tty
	testproc.Start(t, cmd)
	write.Close()
	t.Cleanup(func() { _ = read.Close() })
	return &console{in, bufio.NewReader(read)}
}

// typed types a command, and returns what it prints.
func (r *reading) typed(prompt byte, command string) string {
	r.Helper()
	const end = "---end of the command---"
	s := r.consoles[prompt]
	fmt.Fprintf(s.in, "pid=%s\n{ %s\n} 2>&1\necho; echo '%s' $pid\n", r.pid, command, end)
	var out strings.Builder
	for {
		line, err := s.out.ReadString('\n')
		if err != nil {
			r.Fatalf("%s: the shell ended: %v\n%s", command, err, out.String())
		}
		if pid, found := strings.CutPrefix(line, end); found {
			r.pid = strings.TrimSpace(pid)
			return strings.TrimSuffix(out.String(), "\n")
		}
		if !notice.MatchString(line) {
			out.WriteString(line)
		}
	}
}

// notice is what a shell says of its jobs, at times that are not the same each time.
var notice = regexp.MustCompile(`^\[\d+\][+-]? +[A-Z]`)

var blocks = regexp.MustCompile("(?ms)^```([a-z]+) ?([a-z.]*)\n(.*?)^```\n|^<!-- (.*?) -->\n")

// story does what a story says, and returns it with what was really printed, where that is not
// what it says.
func (r *reading) story(text string) string {
	return blocks.ReplaceAllStringFunc(text, func(block string) string {
		m := blocks.FindStringSubmatch(block)
		switch language, name, content, hidden := m[1], m[2], m[3], m[4]; {
		case hidden != "":
			r.typed('#', hidden)
		case name != "":
			writeFile(r.T, filepath.Join(r.dir, name), content)
		case language == "console":
			return "```console\n" + r.session(content) + "```\n"
		}
		return block
	})
}

// session types the commands of a block.
func (r *reading) session(content string) string {
	var all, said strings.Builder
	prompt, command := byte(0), ""
	flush := func() {
		if command == "" {
			return
		}
		got := r.typed(prompt, command)
		want := said.String()
		if masked(got) == masked(want) {
			got = want
		} else if !rewriting() {
			r.Errorf("%c %s\nprints\n%swhere the page has\n%smasked:\n%sand\n%s", prompt, command, got, want, masked(got), masked(want))
		}
		fmt.Fprintf(&all, "%c %s\n%s", prompt, command, got)
		said.Reset()
	}
	for line := range strings.Lines(content) {
		if _, typed := r.consoles[line[0]]; typed && line[1] == ' ' {
			flush()
			prompt, command = line[0], strings.TrimSuffix(line[2:], "\n")
			continue
		}
		said.WriteString(line)
	}
	flush()
	return all.String()
}

// masks hide what differs each time.
var masks = []struct {
	what *regexp.Regexp
	by   string
}{
	{regexp.MustCompile(`queue \d+ of \d{3,} \(\d+ %\)`), "QUEUE"},
	{regexp.MustCompile(`\d\d:\d\d:\d\d\.\d+`), "TIME"},
	{regexp.MustCompile(`\b\d+(\.\d+)?(ns|µs|ms|s)\b`), "DURATION"},
	{regexp.MustCompile(`0x[0-9a-f]+`), "ADDRESS"},
	{regexp.MustCompile(`/supervise-test-[-0-9]+`), "/CGROUP"},
	{regexp.MustCompile(`\b\d{3,}\b`), "N"},
	{regexp.MustCompile(` +`), " "},
}

// masked is a text without what differs each time.
func masked(text string) string {
	for _, m := range masks {
		text = m.what.ReplaceAllString(text, m.by)
	}
	return text
}
