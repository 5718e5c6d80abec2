package settings

import (
	"encoding/binary"
	"errors"
	"strconv"

	"golang.org/x/sys/unix"
)

// errNobody says that nobody listens on the socket.
var (
	errNobody    = errors.New("nobody listens there")
	errNoSocket  = errors.New("it is no socket")
	errNotStream = errors.New("it is not a stream socket")
)

// lookAtSocket looks whether somebody would accept the kernel's connection. The kernel follows
// no symbolic link, and connects with all rights: unix_find_bsd in net/unix/af_unix.c.
func lookAtSocket(s *Subject) {
	t := &s.Target
	root := initialRoot(s)
	if root < 0 {
		s.Unknown = append(s.Unknown, "the socket "+t.Path)
		return
	}
	defer unix.Close(root)
	fd, err := openBelow(root, t.Path[1:], unix.O_PATH|unix.O_NOFOLLOW, unix.RESOLVE_IN_ROOT|unix.RESOLVE_NO_SYMLINKS)
	if err != nil {
		t.Seen, t.Socket = true, err
		return
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFSOCK {
		t.Seen, t.Socket = true, errNoSocket
		return
	}
	if found := listener(&st); found != nil {
		t.Seen, t.Waiting, t.Full = true, found.waiting, found.waiting > found.backlog
		if found.kind != unix.SOCK_STREAM {
			t.Socket = errNotStream
		}
		return
	}
	// Nobody in this network namespace; a listener in another one is only found by asking.
	knock(s, fd)
}

func knock(s *Subject, file int) {
	t := &s.Target
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err == nil {
		err = unix.Connect(fd, &unix.SockaddrUnix{Name: "/proc/self/fd/" + strconv.Itoa(file)})
		_ = unix.Close(fd)
	}
	t.Seen = true
	switch {
	case err == unix.EAGAIN:
		t.Full = true
	case err == unix.ECONNREFUSED:
		t.Socket = errNobody
	case err == unix.EPROTOTYPE:
		t.Socket = errNotStream
	case err != nil:
		t.Seen = false
		s.Unknown = append(s.Unknown, "whether somebody listens at "+t.Path)
	}
}

// listening is a socket in the state LISTEN.
type listening struct{ kind, waiting, backlog int }

// From linux/unix_diag.h and linux/sock_diag.h.
const (
	sockDiagByFamily = 20
	showVFS          = 1 << 1
	showQueue        = 1 << 4
	attributeVFS     = 1
	attributeQueue   = 4
	tcpListen        = 10
)

// listener finds who listens at a socket's file in our network namespace, nil if nobody does,
// or the kernel cannot say: sock_diag(7).
func listener(file *unix.Stat_t) *listening {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	request := make([]byte, unix.NLMSG_HDRLEN+24)
	order := binary.NativeEndian
	order.PutUint32(request[0:], uint32(len(request)))
	order.PutUint16(request[4:], sockDiagByFamily)
	order.PutUint16(request[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	request[unix.NLMSG_HDRLEN] = unix.AF_UNIX
	order.PutUint32(request[unix.NLMSG_HDRLEN+4:], 1<<tcpListen)
	order.PutUint32(request[unix.NLMSG_HDRLEN+12:], showVFS|showQueue)
	if unix.Sendto(fd, request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}) != nil {
		return nil
	}
	answer := make([]byte, 64<<10)
	for {
		n, _, err := unix.Recvfrom(fd, answer, 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n < unix.NLMSG_HDRLEN {
			return nil
		}
		found, done := match(answer[:n], file)
		if found != nil || done {
			return found
		}
	}
}

// match looks for a file in the messages of one answer.
func match(messages []byte, file *unix.Stat_t) (found *listening, done bool) {
	order := binary.NativeEndian
	for len(messages) >= unix.NLMSG_HDRLEN {
		size, kind := int(order.Uint32(messages)), order.Uint16(messages[4:])
		if kind != sockDiagByFamily || size < unix.NLMSG_HDRLEN+16 || size > len(messages) {
			return nil, true // NLMSG_DONE, or an error
		}
		message := messages[unix.NLMSG_HDRLEN:size]
		l := listening{kind: int(message[1])}
		ours := false
		for rest := message[16:]; len(rest) >= 4; {
			length := int(order.Uint16(rest))
			if length < 4 || length > len(rest) {
				break
			}
			value := rest[4:length]
			switch attribute := order.Uint16(rest[2:]); {
			case attribute == attributeVFS && len(value) >= 8:
				inode, device := order.Uint32(value), order.Uint32(value[4:])
				// The device as the kernel has it: 12 bits, and 20 for the minor number.
				ours = inode == uint32(file.Ino) && device>>20 == unix.Major(file.Dev) && device&(1<<20-1) == unix.Minor(file.Dev)
			case attribute == attributeQueue && len(value) >= 8:
				l.waiting, l.backlog = int(order.Uint32(value)), int(order.Uint32(value[4:]))
			}
			rest = rest[min((length+3)&^3, len(rest)):]
		}
		if ours {
			return &l, true
		}
		messages = messages[min((size+3)&^3, len(messages)):]
	}
	return nil, false
}
