package accounts

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/user"
	"strings"
)

// Host is this machine, for [supervise/config.Load]. The zero value is ready.
type Host struct{}

// HasUser reports whether a user of that name exists: [user.Lookup].
func (Host) HasUser(name string) (bool, error) {
	_, err := user.Lookup(name)
	var unknown user.UnknownUserError
	if errors.As(err, &unknown) {
		return false, nil
	}
	return err == nil, err
}

// HasGroup reports whether a group of that name exists: [user.LookupGroup].
func (Host) HasGroup(name string) (bool, error) {
	_, err := user.LookupGroup(name)
	var unknown user.UnknownGroupError
	if errors.As(err, &unknown) {
		return false, nil
	}
	return err == nil, err
}

// Users lists the names in /etc/passwd, without those of other databases.
func (Host) Users() []string { return names("/etc/passwd") }

// Groups lists the names in /etc/group, without those of other databases.
func (Host) Groups() []string { return names("/etc/group") }

// names returns the first field of each line: passwd(5), group(5). If the file cannot be read
// there are none, which only costs a suggestion.
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
