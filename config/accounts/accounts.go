package accounts

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/user"
	"strings"
)

// Host is this machine, for [supervise/config.Load]. The zero value is ready for use.
type Host struct{}

// HasUser reports whether there is a user of that name: [user.Lookup].
func (Host) HasUser(name string) (bool, error) {
	_, err := user.Lookup(name)
	var unknown user.UnknownUserError
	if errors.As(err, &unknown) {
		return false, nil
	}
	return err == nil, err
}

// HasGroup reports whether there is a group of that name: [user.LookupGroup].
func (Host) HasGroup(name string) (bool, error) {
	_, err := user.LookupGroup(name)
	var unknown user.UnknownGroupError
	if errors.As(err, &unknown) {
		return false, nil
	}
	return err == nil, err
}

// Users lists the names in /etc/passwd. Users that other databases have are missing.
func (Host) Users() []string { return names("/etc/passwd") }

// Groups lists the names in /etc/group. Groups that other databases have are missing.
func (Host) Groups() []string { return names("/etc/group") }

// names reads the first field of each line: passwd(5), group(5). A file that cannot be
// read has none, which costs the user a suggestion and no more.
func names(path string) []string {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	return firstFields(f)
}

func firstFields(r io.Reader) []string {
	var names []string
	for lines := bufio.NewScanner(r); lines.Scan(); {
		name, _, ok := strings.Cut(lines.Text(), ":")
		if ok && name != "" && name[0] != '#' && name[0] != '+' && name[0] != '-' {
			names = append(names, name)
		}
	}
	return names
}
