package config

// The default modes, and the bits that a mode may have: nothing that the supervisor makes is
// executable.
const (
	ownerMode    = 0o600
	groupMode    = 0o660
	everyoneMode = 0o666
)

var controlFields = []field[Control]{
	{
		name: "group", aliases: "gid owner chown group-name", takes: "a name or a number",
		doc:  "the group that they belong to; the default is the supervisor's",
		read: func(c *checker, n *node, into *Control) { c.account(n, &c.groups, &into.Group) },
	},
	{
		name: "mode", aliases: "permissions chmod perm umask access", takes: "an octal number in quotes", initial: `"0600"`,
		doc:  `the permission bits: 4 to read the status, 2 to command; "0660" is the default if group is given`,
		read: readControlMode,
	},
}

func readControl(c *checker, n *node, into *Control) {
	there, ok := readTable(c, n, `control = { group = "adm" }`, controlFields, into)
	if !ok || !there["group"] {
		return
	}
	if !there["mode"] {
		into.Mode = groupMode
	} else if group := n.child("group"); group != nil && into.Mode&(groupMode&^ownerMode) == 0 {
		c.warn(group, `for that write mode = "0660"`, "mode %04o does not let the group do anything", into.Mode)
	}
}

func readControlMode(c *checker, n *node, into *Control) {
	mode, ok := c.octal(n, "0600")
	switch {
	case !ok:
	case mode&^everyoneMode != 0:
		c.wrong(n, `the most is "0666"`, "mode %04o has execute bits, but nothing there is a program", mode)
	case mode&ownerMode != ownerMode:
		c.wrong(n, `its first digit is 6: "0600" or "0660"`, "mode %04o keeps the supervisor's own user from commanding it", mode)
	default:
		into.Mode = mode
		if mode&^groupMode != 0 {
			c.warn(n, `for a group write group = "NAME" and mode = "0660"`, "mode %04o lets everyone on this machine %s", mode, everyoneMay(mode))
		}
	}
}

// everyoneMay says what the bits for others allow.
func everyoneMay(mode uint32) string {
	if mode&0o002 != 0 {
		return "stop and start services"
	}
	return "read its status"
}
