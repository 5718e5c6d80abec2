package launch

import (
	"fmt"
	"os/user"
	"strconv"

	"supervise/config"
	"supervise/supervisor/process"
)

// Identity is the user that a service runs as. The zero value is that of the supervisor.
type Identity struct {
	Credential  *process.Credential // nil: that of the supervisor
	Environment []string            // HOME, USER and LOGNAME of a user that has an account
	AnotherUser bool                // it is not the supervisor's
	Notes       []string            // what of it cannot be had, and is done without
}

// Owner returns the ids for chown(2), -1 for those of the supervisor.
func (i Identity) Owner() (uid, gid int) {
	if i.Credential == nil {
		return -1, -1
	}
	return int(i.Credential.UID), int(i.Credential.GID)
}

// Identify looks up a service's user and group, by name or number. That may take long, as
// their databases may be on another host.
func Identify(service *config.Service) (Identity, error) {
	return identify(service, host{}, self())
}

// Group looks up a group, by name or number. A number need not be in any database.
func Group(name string) (uint32, error) { return group(name, host{}) }

// accounts is the databases of users and groups: package os/user.
type accounts interface {
	Lookup(name string) (*user.User, error)
	LookupID(id string) (*user.User, error)
	LookupGroup(name string) (*user.Group, error)
	GroupIDs(u *user.User) ([]string, error)
}

// host is the databases of this host.
type host struct{}

func (host) Lookup(name string) (*user.User, error)       { return user.Lookup(name) }
func (host) LookupID(id string) (*user.User, error)       { return user.LookupId(id) }
func (host) LookupGroup(name string) (*user.Group, error) { return user.LookupGroup(name) }
func (host) GroupIDs(u *user.User) ([]string, error)      { return u.GroupIds() }

func identify(service *config.Service, db accounts, me privileges) (who Identity, err error) {
	if service.User == "" && service.Group == "" {
		return Identity{}, nil
	}
	credential := &process.Credential{UID: me.uid, GID: me.gid}
	if service.User != "" {
		if who, err = account(service.User, db); err != nil {
			return Identity{}, err
		}
		credential = who.Credential
	}
	if service.Group != "" {
		if credential.GID, err = group(service.Group, db); err != nil {
			return Identity{}, err
		}
		if len(credential.Groups) == 0 {
			credential.Groups = []uint32{credential.GID}
		}
	}
	who.Credential, who.AnotherUser = credential, credential.UID != me.uid
	if service.User != "" && who.Environment == nil { // no account
		credential.Groups = []uint32{credential.GID}
		if who.AnotherUser {
			who.Environment = []string{"HOME=/"} // nobody's, as container engines do
		}
	}
	if !who.AnotherUser {
		who.makeDo(me, service.Group != "")
	}
	return who, nil
}

// account finds a user. A number need not be in any database.
func account(name string, db accounts) (Identity, error) {
	u, err := db.Lookup(name)
	if err != nil {
		uid, numeric := strconv.ParseUint(name, 10, 32)
		if numeric != nil {
			return Identity{}, err
		}
		if u, err = db.LookupID(name); err != nil {
			id := uint32(uid)
			return Identity{Credential: &process.Credential{UID: id, GID: id}}, nil
		}
	}
	uid, _ := strconv.ParseUint(u.Uid, 10, 32)
	gid, _ := strconv.ParseUint(u.Gid, 10, 32)
	credential := &process.Credential{UID: uint32(uid), GID: uint32(gid)}
	ids, err := db.GroupIDs(u)
	if err != nil {
		return Identity{}, fmt.Errorf("cannot find the groups of user %q: %w", name, err)
	}
	for _, text := range ids {
		if id, err := strconv.ParseUint(text, 10, 32); err == nil {
			credential.Groups = append(credential.Groups, uint32(id))
		}
	}
	return Identity{
		Credential:  credential,
		Environment: []string{"HOME=" + u.HomeDir, "USER=" + u.Username, "LOGNAME=" + u.Username},
	}, nil
}

func group(name string, db accounts) (uint32, error) {
	if id, err := strconv.ParseUint(name, 10, 32); err == nil {
		return uint32(id), nil
	}
	g, err := db.LookupGroup(name)
	if err != nil {
		return 0, err
	}
	id, err := strconv.ParseUint(g.Gid, 10, 32)
	return uint32(id), err
}
