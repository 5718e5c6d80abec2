package sys

import "strconv"

// Device is the number of a terminal as /proc/PID/stat has it, new_encode_dev in
// linux/kdev_t.h; 0 is none.
type Device int

// The major numbers of terminals: Documentation/admin-guide/devices.txt.
const (
	majorTTY     = 4
	majorSystem  = 5
	majorPTS     = 136
	lastMajorPTS = 143
	firstSerial  = 64 // the minor number of ttyS0
	minorConsole = 1
	minorsOfPTS  = 256
)

// String is the terminal's name without /dev: "pts/3", "tty1". Of one that is not known by its
// numbers it is these: "204:64". It is "" for none.
func (d Device) String() string {
	major, minor := int(d)>>8&0xfff, int(d)&0xff|int(d)>>12&0xfff00
	switch {
	case d == 0:
		return ""
	case major >= majorPTS && major <= lastMajorPTS:
		return "pts/" + strconv.Itoa((major-majorPTS)*minorsOfPTS+minor)
	case major == majorTTY && minor < firstSerial:
		return "tty" + strconv.Itoa(minor)
	case major == majorTTY:
		return "ttyS" + strconv.Itoa(minor-firstSerial)
	case major == majorSystem && minor == minorConsole:
		return "console"
	}
	return strconv.Itoa(major) + ":" + strconv.Itoa(minor)
}
