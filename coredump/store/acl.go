package store

import (
	"encoding/binary"
	"errors"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// aclName is the extended attribute of a file's access control list, in the form of
// linux/posix_acl_xattr.h: a version, and entries of tag, rights and id. acl(5).
const (
	aclName    = "system.posix_acl_access"
	aclVersion = 2
	aclHeader  = 4
	aclEntry   = 8

	aclUserObj  = 0x01 // the owner
	aclUser     = 0x02
	aclGroupObj = 0x04
	aclGroup    = 0x08
	aclMask     = 0x10
	aclOther    = 0x20

	aclRead, aclExecute = 4, 1

	noID = ^uint32(0)
)

type aclRight struct {
	tag, rights uint16
	id          uint32
}

// readable lets one more user read a file, or search and list a directory, of ours. Others may
// do what the mode of the file says.
func readable(file *os.File, uid int) error {
	var st unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &st); err != nil {
		return err
	}
	rights := uint16(aclRead)
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		rights |= aclExecute
	}
	list, err := accessOf(file)
	if err != nil {
		return err
	}
	if list == nil {
		list = []aclRight{
			{aclUserObj, uint16(st.Mode>>6) & 7, noID},
			{aclGroupObj, uint16(st.Mode>>3) & 7, noID},
			{aclMask, 0, noID},
			{aclOther, uint16(st.Mode) & 7, noID},
		}
	}
	user := aclRight{aclUser, rights, uint32(uid)}
	if slices.Contains(list, user) {
		return nil
	}
	list = append(list, user)
	for i := range list {
		if list[i].tag == aclMask {
			list[i].rights |= rights
		}
	}
	return setAccess(file, list)
}

// copyAccess gives a file the list of another one's directory or file, less what it is not for.
func copyAccess(from, to *os.File) error {
	list, err := accessOf(from)
	if err != nil || list == nil {
		return nil
	}
	for _, right := range list {
		if right.tag == aclUser {
			err = errors.Join(err, readable(to, int(right.id)))
		}
	}
	return err
}

// accessOf reads the list of a file; nil if it has none.
func accessOf(file *os.File) ([]aclRight, error) {
	text := make([]byte, 64<<10)
	n, err := unix.Fgetxattr(int(file.Fd()), aclName, text)
	if errors.Is(err, unix.ENODATA) || errors.Is(err, unix.EOPNOTSUPP) {
		return nil, nil
	}
	if err != nil {
		return nil, os.NewSyscallError("fgetxattr", err)
	}
	order := binary.LittleEndian
	if n < aclHeader || order.Uint32(text) != aclVersion {
		return nil, errors.New("an access control list of an unknown version")
	}
	var list []aclRight
	for entry := text[aclHeader:n]; len(entry) >= aclEntry; entry = entry[aclEntry:] {
		list = append(list, aclRight{order.Uint16(entry), order.Uint16(entry[2:]), order.Uint32(entry[4:])})
	}
	return list, nil
}

// setAccess writes a list, whose entries the kernel wants in order: posix_acl_valid.
func setAccess(file *os.File, list []aclRight) error {
	slices.SortFunc(list, func(a, b aclRight) int {
		if a.tag != b.tag {
			return int(a.tag) - int(b.tag)
		}
		return int(int64(a.id) - int64(b.id))
	})
	text := binary.LittleEndian.AppendUint32(nil, aclVersion)
	for _, right := range list {
		text = binary.LittleEndian.AppendUint16(text, right.tag)
		text = binary.LittleEndian.AppendUint16(text, right.rights)
		text = binary.LittleEndian.AppendUint32(text, right.id)
	}
	return os.NewSyscallError("fsetxattr", unix.Fsetxattr(int(file.Fd()), aclName, text, 0))
}
