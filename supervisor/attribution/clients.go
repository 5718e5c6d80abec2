package attribution

import (
	"os/user"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"supervise/internal/sys"
	"supervise/supervisor/machine"
)

// Clients finds out who is behind the clients of requests: who has started them, and which
// user has logged in. A client is alive as long as it waits for its answer. Look reads some
// files of /proc, and /etc/passwd, which the loop must not wait for.
type Clients struct {
	account func(uid uint32) string // "" for none

	mu    sync.Mutex
	names map[uint32]string // of users, "" for those without an account
	until time.Time         // when names is to be read anew
}

// NewClients returns Clients that look up the names of users.
func NewClients() *Clients { return &Clients{account: accountOf} }

// The bounds of what is remembered of users: a new account has its name in the next minute.
const (
	namesTTL = time.Minute
	maxNames = 256
)

// Look describes the process of a client, with who is behind it as far as /proc says. It is
// false if there is no such process. It may be called on any goroutine.
func (c *Clients) Look(pid int) (by machine.Asker, alive bool) {
	if pid <= 0 {
		return by, false
	}
	stat, err := sys.ReadStat(pid)
	uid, ok := owner(pid)
	if err != nil || !ok {
		return by, false
	}
	by = machine.Asker{PID: int32(pid), UID: uid, Name: stat.Name}
	by.Behind.Terminal, by.Behind.User = stat.Terminal.String(), c.name(uid)
	if login, ok := loginOf(pid); ok {
		by.Behind.Login = c.name(login)
	}
	who, ok := starter(stat)
	if !ok {
		return by, true
	}
	if uid, ok := owner(who.PID); ok {
		by.Behind.PID, by.Behind.UID, by.Behind.Name = int32(who.PID), uid, who.Name
	}
	if who.Terminal != 0 { // sudo(8) may give the client another one
		by.Behind.Terminal = who.Terminal.String()
	}
	return by, true
}

// messengers run a command for somebody else, and say nothing about who that is.
var messengers = []string{"sudo", "doas", "su", "runuser", "pkexec", "timeout"}

// maxMessengers is how many of them are passed by.
const maxMessengers = 6

// starter is who has started a process, past messengers: the parent of the parent and so on.
// That a process still has the same parent afterwards says that nobody else had that pid.
func starter(of sys.Stat) (who sys.Stat, ok bool) {
	for range maxMessengers {
		if of.Parent <= 0 {
			break
		}
		parent, err := sys.ReadStat(of.Parent)
		again, errAgain := sys.ReadStat(of.PID)
		if err != nil || errAgain != nil || again.Parent != of.Parent || again.Started != of.Started {
			break
		}
		who, ok = parent, true
		if !slices.Contains(messengers, who.Name) {
			break
		}
		of = who
	}
	return who, ok
}

// owner is the effective user of a process, as long as that may be dumped; else it is root:
// proc(5).
func owner(pid int) (uid uint32, ok bool) {
	var stat syscall.Stat_t
	err := syscall.Stat("/proc/"+strconv.Itoa(pid), &stat)
	return stat.Uid, err == nil
}

// noLogin is the loginuid of who has not logged in: AUDIT_UID_UNSET in linux/audit.h.
const noLogin = 1<<32 - 1

// loginOf is the user who has logged in, of whose session a process is: /proc/PID/loginuid,
// which su(1) and sudo(8) do not change. ok is false if nobody has, or the kernel has no
// CONFIG_AUDIT.
func loginOf(pid int) (uid uint32, ok bool) {
	err := sys.ReadProc("/proc/"+strconv.Itoa(pid)+"/loginuid", func(text string) error {
		n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 32)
		uid = uint32(n)
		return err
	})
	return uid, err == nil && uid != noLogin
}

// name is the name of a user, or "uid 1000" of one without an account.
func (c *Clients) name(uid uint32) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.After(c.until) || len(c.names) >= maxNames {
		c.names, c.until = map[uint32]string{}, now.Add(namesTTL)
	}
	name, known := c.names[uid]
	if !known {
		name = c.account(uid)
		c.names[uid] = name
	}
	if name == "" {
		return "uid " + strconv.FormatUint(uint64(uid), 10)
	}
	return name
}

func accountOf(uid uint32) string {
	u, err := user.LookupId(strconv.FormatUint(uint64(uid), 10))
	if err != nil {
		return ""
	}
	return u.Username
}
