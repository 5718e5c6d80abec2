package launch

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// privileges are who the supervisor is, and which groups it may give its children.
type privileges struct {
	uid, gid  uint32
	groups    []uint32 // the supplementary ones
	setGID    bool     // it has CAP_SETGID
	setGroups bool     // it has, and its user namespace does not refuse setgroups(2)
}

// self finds out about this process, once.
var self = sync.OnceValue(func() privileges {
	me := privileges{uid: uint32(os.Geteuid()), gid: uint32(os.Getegid())}
	groups, _ := os.Getgroups()
	for _, gid := range groups {
		me.groups = append(me.groups, uint32(gid))
	}
	me.setGID = hasCapability(unix.CAP_SETGID)
	denied, _ := os.ReadFile("/proc/self/setgroups") // user_namespaces(7)
	me.setGroups = me.setGID && !strings.HasPrefix(string(denied), "deny")
	return me
})

// hasCapability reports whether this process has one of the first 32 capabilities in effect.
func hasCapability(capability int) bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	return unix.Capget(&header, &data[0]) == nil && data[0].Effective&(1<<capability) != 0
}

// makeDo has a service of the supervisor's own user run with the supervisor's groups, if the
// supervisor may not give it others. It is not told that from another user: that would be
// given groups that are not its own. The same file is to serve as root, and as the user
// itself.
func (who *Identity) makeDo(me privileges, groupGiven bool) {
	c := who.Credential
	wanted := append([]uint32{c.GID}, c.Groups...)
	if !me.setGID && !groupGiven {
		c.GID = me.gid
	}
	had := append([]uint32{c.GID}, c.Groups...)
	if !me.setGroups {
		c.KeepGroups, c.Groups = true, nil
		had = append([]uint32{c.GID}, me.groups...)
	}
	var differences []string
	if missing := without(wanted, had); len(missing) > 0 {
		differences = append(differences, "without "+listOf(missing))
	}
	if extra := without(had, wanted); len(extra) > 0 {
		differences = append(differences, "with "+listOf(extra))
	}
	if differences != nil {
		who.Notes = append(who.Notes, "supervise may not change groups, which takes CAP_SETGID: the service runs "+strings.Join(differences, ", and "))
	}
}

// without returns the ids of a list that another has not, each once.
func without(ids, others []uint32) []uint32 {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id uint32) bool { return slices.Contains(others, id) })
	slices.Sort(ids)
	return slices.Compact(ids)
}

// listOf is "group 4" or "groups 4, 27".
func listOf(ids []uint32) string {
	text := strings.Trim(strings.ReplaceAll(fmt.Sprint(ids), " ", ", "), "[]")
	if len(ids) == 1 {
		return "group " + text
	}
	return "groups " + text
}
