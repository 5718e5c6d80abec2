package launch

import (
	"errors"
	"os"
	"os/user"
	"reflect"
	"strings"
	"testing"

	"supervise/config"
	"supervise/supervisor/process"
)

// fakeAccounts are a few users and groups.
type fakeAccounts struct {
	users  []user.User
	groups []user.Group
	of     map[string][]string // group ids by user name
}

var errGroups = errors.New("the database is down")

func (f fakeAccounts) Lookup(name string) (*user.User, error) {
	for i := range f.users {
		if f.users[i].Username == name {
			return &f.users[i], nil
		}
	}
	return nil, user.UnknownUserError(name)
}

func (f fakeAccounts) LookupID(id string) (*user.User, error) {
	for i := range f.users {
		if f.users[i].Uid == id {
			return &f.users[i], nil
		}
	}
	return nil, errors.New("no such id")
}

func (f fakeAccounts) LookupGroup(name string) (*user.Group, error) {
	for i := range f.groups {
		if f.groups[i].Name == name {
			return &f.groups[i], nil
		}
	}
	return nil, user.UnknownGroupError(name)
}

func (f fakeAccounts) GroupIDs(u *user.User) ([]string, error) {
	if ids, ok := f.of[u.Username]; ok {
		return ids, nil
	}
	return nil, errGroups
}

var accountsOfTest = fakeAccounts{
	users: []user.User{
		{Username: "www", Uid: "33", Gid: "34", HomeDir: "/srv/www"},
		{Username: "100", Uid: "7", Gid: "8", HomeDir: "/"},
		{Username: "broken", Uid: "9", Gid: "9"},
	},
	groups: []user.Group{{Name: "adm", Gid: "4"}, {Name: "odd", Gid: "x"}},
	of:     map[string][]string{"www": {"34", "4", "no number"}, "100": nil},
}

func TestIdentify(t *testing.T) {
	root := privileges{gid: 3, groups: []uint32{3}, setGID: true, setGroups: true}
	www := []string{"HOME=/srv/www", "USER=www", "LOGNAME=www"}
	for name, c := range map[string]struct {
		user, group string
		want        Identity
	}{
		"nobody in particular": {"", "", Identity{}},
		"a user": {"www", "", Identity{
			Credential:  &process.Credential{UID: 33, GID: 34, Groups: []uint32{34, 4}},
			Environment: www, AnotherUser: true,
		}},
		"a user by number": {"33", "", Identity{
			Credential:  &process.Credential{UID: 33, GID: 34, Groups: []uint32{34, 4}},
			Environment: www, AnotherUser: true,
		}},
		"a user whose name is a number": {"100", "", Identity{
			Credential:  &process.Credential{UID: 7, GID: 8},
			Environment: []string{"HOME=/", "USER=100", "LOGNAME=100"}, AnotherUser: true,
		}},
		"a number without an account": {"4000", "", Identity{
			Credential:  &process.Credential{UID: 4000, GID: 4000, Groups: []uint32{4000}},
			Environment: []string{"HOME=/"}, AnotherUser: true,
		}},
		"a number without an account in a group": {"4000", "adm", Identity{
			Credential:  &process.Credential{UID: 4000, GID: 4, Groups: []uint32{4}},
			Environment: []string{"HOME=/"}, AnotherUser: true,
		}},
		"a user in another group": {"www", "adm", Identity{
			Credential:  &process.Credential{UID: 33, GID: 4, Groups: []uint32{34, 4}},
			Environment: www, AnotherUser: true,
		}},
		"a user without groups in another group": {"100", "5", Identity{
			Credential:  &process.Credential{UID: 7, GID: 5, Groups: []uint32{5}},
			Environment: []string{"HOME=/", "USER=100", "LOGNAME=100"}, AnotherUser: true,
		}},
		"a group": {"", "adm", Identity{
			Credential: &process.Credential{UID: 0, GID: 4, Groups: []uint32{4}},
		}},
		"a group by number": {"", "4001", Identity{
			Credential: &process.Credential{UID: 0, GID: 4001, Groups: []uint32{4001}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := identify(&config.Service{User: c.user, Group: c.group}, accountsOfTest, root)
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("identity %+v %+v, %v, want %+v %+v", got.Credential, got.Environment, err, c.want.Credential, c.want.Environment)
			}
		})
	}
}

// TestIdentifyOwn has services of the supervisor's own user, of one that may not change
// groups, or not all of them.
func TestIdentifyOwn(t *testing.T) {
	www := []string{"HOME=/srv/www", "USER=www", "LOGNAME=www"}
	kept := func(gid uint32) *process.Credential {
		return &process.Credential{UID: 33, GID: gid, KeepGroups: true}
	}
	const note = "supervise may not change groups, which takes CAP_SETGID: the service runs "
	for name, c := range map[string]struct {
		user, group string
		me          privileges
		want        Identity
	}{
		"just as it is": {"www", "", privileges{uid: 33, gid: 34, groups: []uint32{4}}, Identity{Credential: kept(34), Environment: www}},
		"by number":     {"33", "34", privileges{uid: 33, gid: 34, groups: []uint32{4, 34}}, Identity{Credential: kept(34), Environment: www}},
		"without groups": {"www", "", privileges{uid: 33, gid: 34}, Identity{
			Credential: kept(34), Environment: www, Notes: []string{note + "without group 4"},
		}},
		"with others": {"www", "", privileges{uid: 33, gid: 34, groups: []uint32{27, 4, 20}}, Identity{
			Credential: kept(34), Environment: www, Notes: []string{note + "with groups 20, 27"},
		}},
		"in another group": {"www", "", privileges{uid: 33, gid: 0}, Identity{
			Credential: kept(0), Environment: www, Notes: []string{note + "without groups 4, 34, and with group 0"},
		}},
		"in another group that was asked for": {"www", "5", privileges{uid: 33, gid: 0, groups: []uint32{34, 4}}, Identity{
			Credential: kept(5), Environment: www, // and the start fails
		}},
		"a number without an account": {"4000", "", privileges{uid: 4000, gid: 0}, Identity{
			Credential: &process.Credential{UID: 4000, KeepGroups: true}, Notes: []string{note + "without group 4000, and with group 0"},
		}},
		"a user namespace without setgroups": {"www", "", privileges{uid: 33, gid: 34, groups: []uint32{4}, setGID: true}, Identity{
			Credential: kept(34), Environment: www,
		}},
		"all rights": {"www", "", privileges{uid: 33, gid: 0, groups: []uint32{9}, setGID: true, setGroups: true}, Identity{
			Credential: &process.Credential{UID: 33, GID: 34, Groups: []uint32{34, 4}}, Environment: www,
		}},
		"another user is not given our groups": {"www", "", privileges{uid: 7, gid: 0, groups: []uint32{9}}, Identity{
			Credential: &process.Credential{UID: 33, GID: 34, Groups: []uint32{34, 4}}, Environment: www, AnotherUser: true,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := identify(&config.Service{User: c.user, Group: c.group}, accountsOfTest, c.me)
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("identity %+v %+v, %v, want %+v %+v", got.Credential, got, err, c.want.Credential, c.want)
			}
		})
	}
}

func TestIdentifyErrors(t *testing.T) {
	for _, c := range []struct{ user, group, want string }{
		{"nobody-here", "", "unknown user nobody-here"},
		{"99999999999", "", "unknown user 99999999999"}, // more than 32 bits
		{"-1", "", "unknown user -1"},
		{"broken", "", `cannot find the groups of user "broken": the database is down`},
		{"www", "nobody-here", "unknown group nobody-here"},
		{"", "odd", "invalid syntax"},
	} {
		got, err := identify(&config.Service{User: c.user, Group: c.group}, accountsOfTest, privileges{})
		if err == nil || !strings.Contains(err.Error(), c.want) || !reflect.DeepEqual(got, Identity{}) {
			t.Errorf("user %q, group %q: %+v, %v, want %q", c.user, c.group, got, err, c.want)
		}
	}
}

// TestIdentifyHost asks the databases of this host for who runs the test.
func TestIdentifyHost(t *testing.T) {
	me, err := user.Current()
	if err != nil {
		t.Skip(err)
	}
	got, err := Identify(&config.Service{User: me.Uid})
	if err != nil || got.Credential == nil || int(got.Credential.UID) != os.Getuid() {
		t.Errorf("identity of user %s: %+v, %v", me.Uid, got, err)
	}
	if gid, err := Group("12"); gid != 12 || err != nil {
		t.Errorf("group 12: %d, %v", gid, err)
	}
}

func TestOwner(t *testing.T) {
	if uid, gid := (Identity{}).Owner(); uid != -1 || gid != -1 {
		t.Errorf("the supervisor's own: %d, %d, want -1, -1", uid, gid)
	}
	if uid, gid := (Identity{Credential: &process.Credential{UID: 0, GID: 7}}).Owner(); uid != 0 || gid != 7 {
		t.Errorf("root, group 7: %d, %d", uid, gid)
	}
}
