package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"supervise/internal/guess"
)

// Host answers what a file is checked against on its machine. Package config/accounts has the
// one for this machine.
type Host interface {
	// HasUser and HasGroup report whether the host has a user or group of that name. An error
	// means that it could not be found out.
	HasUser(name string) (bool, error)
	HasGroup(name string) (bool, error)

	// Users and Groups list names to suggest for an unknown one. They may be incomplete.
	Users() []string
	Groups() []string
}

// maxID is the highest user or group id: to the kernel 2^32-1 means "no change", setreuid(2).
const maxID = 1<<32 - 2

// accounts are the users or the groups of a host.
type accounts struct {
	what  string                     // "user" or "group"
	has   func(string) (bool, error) // nil: there is no host to ask
	names func() []string
	known map[string]error // the answers so far
}

func newAccounts(host Host) (users, groups accounts) {
	users = accounts{what: "user", known: map[string]error{}}
	groups = accounts{what: "group", known: map[string]error{}}
	if host != nil {
		users.has, users.names = host.HasUser, host.Users
		groups.has, groups.names = host.HasGroup, host.Groups
	}
	return users, groups
}

// account reads a name or number. The host, if there is one, must know a name, but not a
// number.
func (c *checker) account(n *node, a *accounts, into *string) {
	if id, ok := n.value.(int64); ok {
		if id < 0 || id > maxID {
			c.wrong(n, "", "%s id must be from 0 to %d, not %d", a.what, maxID, id)
			return
		}
		*into = strconv.FormatInt(id, 10)
		return
	}
	var name string
	if !c.text(n, "a name or a number", &name) {
		return
	}
	if strings.Trim(name, "0123456789") == "" {
		if id, err := strconv.ParseUint(name, 10, 64); err != nil || id > maxID {
			c.wrong(n, "", "%s id must be from 0 to %d, not %s", a.what, maxID, quote(name))
			return
		}
		*into = name
		return
	}
	if i := strings.IndexFunc(name, notInName); i >= 0 || name[0] == '-' {
		hint := ""
		if user, group, ok := strings.Cut(name, ":"); ok && user != "" && group != "" && a.what == "user" {
			hint = fmt.Sprintf("write user = %s and group = %s", quote(user), quote(group))
		}
		c.wrong(n, hint, "%s is not a %s name", quote(name), a.what)
		return
	}
	if a.has != nil && !c.isKnown(n, a, name) {
		c.unknownAccounts++
	}
	*into = name
}

// notInName reports characters that passwd(5) and group(5) cannot hold.
func notInName(r rune) bool { return r < ' ' || r == 0x7f || r == ':' || r == '/' || r == ',' }

func (c *checker) isKnown(n *node, a *accounts, name string) bool {
	err, asked := a.known[name]
	if !asked {
		var has bool
		if has, err = a.has(name); err == nil && !has {
			err = errUnknown
		}
		a.known[name] = err
	}
	switch {
	case err == nil:
		return true
	case err != errUnknown:
		c.wrong(n, "", "cannot look up %s %s: %v", a.what, quote(name), err)
		return false
	}
	hint := ""
	if near := guess.Word(name, a.names()); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	c.wrong(n, hint, "unknown %s %s", a.what, quote(name))
	return false
}

var errUnknown = errors.New("unknown")
