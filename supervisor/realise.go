package supervisor

import (
	"fmt"
	"os"
	"os/user"
	"strconv"

	"golang.org/x/sys/unix"

	"supervise/config"
	"supervise/signals/intake"
	"supervise/supervisor/process"
)

// identity is a service's user on this host.
type identity struct {
	credential  *process.Credential // nil: the supervisor's own
	environment []string            // HOME, USER, LOGNAME, SHELL
}

// identify looks a service's user and group up. It is done once, when the supervisor
// starts: databases of users may be slow.
func identify(service *config.Service) (who identity, err error) {
	if service.User == "" && service.Group == "" {
		return who, nil
	}
	credential := process.Credential{UID: uint32(os.Geteuid()), GID: uint32(os.Getegid())}
	if service.User != "" {
		account, err := lookupUser(service.User)
		if err != nil {
			return who, err
		}
		credential = account.credential
		who.environment = account.environment
	}
	if service.Group != "" {
		if credential.GID, err = lookupGroup(service.Group); err != nil {
			return who, err
		}
		if len(credential.Groups) == 0 {
			credential.Groups = []uint32{credential.GID}
		}
	}
	who.credential = &credential
	return who, nil
}

type account struct {
	credential  process.Credential
	environment []string
}

// lookupUser finds a user by name or number. A number need not be in any database.
func lookupUser(name string) (account, error) {
	u, err := user.Lookup(name)
	if err != nil {
		uid, numeric := strconv.ParseUint(name, 10, 32)
		if numeric != nil {
			return account{}, err
		}
		if u, err = user.LookupId(name); err != nil {
			id := uint32(uid)
			return account{credential: process.Credential{UID: id, GID: id, Groups: []uint32{id}}}, nil
		}
	}
	uid, _ := strconv.ParseUint(u.Uid, 10, 32)
	gid, _ := strconv.ParseUint(u.Gid, 10, 32)
	a := account{
		credential: process.Credential{UID: uint32(uid), GID: uint32(gid)},
		environment: []string{
			"HOME=" + u.HomeDir, "USER=" + u.Username, "LOGNAME=" + u.Username,
		},
	}
	ids, err := u.GroupIds()
	if err != nil {
		return a, fmt.Errorf("cannot find the groups of user %q: %w", name, err)
	}
	for _, text := range ids {
		if id, err := strconv.ParseUint(text, 10, 32); err == nil {
			a.credential.Groups = append(a.credential.Groups, uint32(id))
		}
	}
	return a, nil
}

func lookupGroup(name string) (uint32, error) {
	if id, err := strconv.ParseUint(name, 10, 32); err == nil {
		return uint32(id), nil
	}
	g, err := user.LookupGroup(name)
	if err != nil {
		return 0, err
	}
	id, err := strconv.ParseUint(g.Gid, 10, 32)
	return uint32(id), err
}

// limits returns what is set for a service: the descriptor limit that we were given, not
// the one that package os raised, as far as a seccomp filter lets it be restored, and the
// core limit if the service has one. A hard limit can only be lowered.
func limits(service *config.Service, found intake.Limit) []process.Limit {
	var set []process.Limit
	if found.Hard != 0 {
		set = append(set, process.Limit{Resource: unix.RLIMIT_NOFILE, Soft: found.Soft, Hard: found.Hard, Optional: true})
	}
	if service.Core.Limit != nil {
		want := *service.Core.Limit
		var now unix.Rlimit
		hard := want
		if unix.Getrlimit(unix.RLIMIT_CORE, &now) == nil {
			hard = now.Max
		}
		set = append(set, process.Limit{Resource: unix.RLIMIT_CORE, Soft: min(want, hard), Hard: hard})
	}
	return set
}
