package journaldump

import (
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"supervise/coredump/report"
	"supervise/signals"
)

// File is one file of systemd-coredump's.
type File struct {
	Name string

	comm string
	pid  int
	uid  int
	time time.Time

	attributes map[string]string // without user.coredump.
	size       int64             // of the file
	disk       int64
	packing    string // ".zst"; "" for none
}

// packings are what the files can be compressed with.
var packings = []string{".zst", ".lz4", ".xz"}

// Is reports whether a file's name is one of systemd-coredump's.
func Is(name string) bool {
	_, err := parse(name)
	return err == nil
}

// ID is the id of a file, by its name.
func ID(name string) string {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(name))
	return fmt.Sprintf("%08x", hash.Sum32())
}

var errName = errors.New("it is no name of systemd-coredump's")

// parse takes a name apart: its fields from the end, as the first may be anything.
func parse(name string) (f File, err error) {
	f.Name = name
	rest, ok := strings.CutPrefix(name, "core.")
	if !ok {
		return f, errName
	}
	for _, packing := range packings {
		if cut, ok := strings.CutSuffix(rest, packing); ok {
			rest, f.packing = cut, packing
			break
		}
	}
	fields := strings.Split(rest, ".")
	if len(fields) != 5 {
		return f, errName
	}
	f.comm = unescape(fields[0])
	uid, err1 := strconv.ParseUint(fields[1], 10, 32)
	pid, err2 := strconv.ParseUint(fields[3], 10, 31)
	micros, err3 := strconv.ParseInt(fields[4], 10, 64)
	if err := errors.Join(err1, err2, err3); err != nil || len(fields[2]) != 32 || micros < 0 || micros > 1<<60 {
		return f, errName
	}
	f.uid, f.pid = int(uid), int(pid)
	// Older versions count in seconds, with zeros for the rest.
	f.time = time.UnixMicro(micros)
	return f, nil
}

// unescape undoes xescape() of systemd: \x2e for a dot.
func unescape(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		if strings.HasPrefix(text, `\x`) && len(text) >= 4 {
			if n, err := strconv.ParseUint(text[2:4], 16, 8); err == nil {
				b.WriteByte(byte(n))
				text = text[4:]
				continue
			}
		}
		b.WriteByte(text[0])
		text = text[1:]
	}
	return b.String()
}

// Read looks at a file in a directory. It does not read what is in it.
func Read(dir int, name string) (*File, error) {
	f, err := parse(name)
	if err != nil {
		return nil, err
	}
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.EACCES) {
		var st unix.Stat_t
		if err := unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return nil, os.NewSyscallError("stat", err)
		}
		f.size, f.disk = st.Size, st.Blocks*512
		return &f, nil
	}
	if err != nil {
		return nil, os.NewSyscallError("open", err)
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, os.NewSyscallError("stat", err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, fmt.Errorf("%s is no regular file", name)
	}
	f.size, f.disk = st.Size, st.Blocks*512
	f.attributes = attributes(fd)
	return &f, nil
}

// The names of the attributes: coredump.c, context_to_xattrs.
var attributeNames = []string{"pid", "uid", "gid", "signal", "timestamp", "rlimit", "hostname", "comm", "exe"}

func attributes(fd int) map[string]string {
	values := map[string]string{}
	for _, name := range attributeNames {
		value := make([]byte, 4096)
		if n, err := unix.Fgetxattr(fd, "user.coredump."+name, value); err == nil {
			values[name] = string(value[:n])
		}
	}
	return values
}

// Packed reports whether the core is compressed.
func (f *File) Packed() bool { return f.packing != "" }

// Report is what the name and the attributes say.
func (f *File) Report() report.Report {
	number := func(name string, otherwise int) int {
		if n, err := strconv.Atoi(f.attributes[name]); err == nil && n >= 0 {
			return n
		}
		return otherwise
	}
	r := report.Report{
		ID: ID(f.Name), Time: f.time, PID: number("pid", f.pid), UID: number("uid", f.uid), GID: number("gid", 0),
		Exe: f.attributes["exe"], Command: f.comm, Hostname: f.attributes["hostname"],
		Threads: []report.Thread{}, Modules: []report.Module{},
	}
	if comm := f.attributes["comm"]; comm != "" {
		r.Command = comm
	}
	if n := number("signal", 0); n > 0 && signals.Signal(n).Valid() {
		r.Signal = signals.Signal(n).String()
	}
	r.Core = report.Core{State: report.Complete, Stored: report.Stored{Size: f.size, Stored: f.disk}}
	if f.Packed() {
		r.Core.Size = 0 // not known before it is read
	}
	return r
}
