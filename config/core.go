package config

import (
	"fmt"
	"strings"

	"supervise/coredump"
)

var coreFields = []field[Core]{
	{
		name: "limit", aliases: "size max-size rlimit limit-core", takes: `a size, or "unlimited"`,
		doc:  "RLIMIT_CORE, the size of the largest core, in bytes; the default is the supervisor's",
		read: readCoreLimit,
	},
	{
		name: "filter", aliases: "coredump-filter mappings", takes: "an array of kinds of mapping, or a mask in quotes",
		doc:  `which memory goes into a core: systemd's names as in CoredumpFilter=, or "0x33"; the default is the supervisor's`,
		read: readCoreFilter,
	},
	{
		name: "dumpable", aliases: "dump enabled set-dumpable suid-dumpable", takes: "true or false",
		doc: "true: also the cores of processes that have changed their user or group are collected, readable by root alone, for which the kernel's fs.suid_dumpable must be 2: core.install = true sets that; " +
			"false: of this service nothing is kept; the default is what the kernel does",
		read: func(c *checker, n *node, into *Core) {
			var dumpable bool
			if c.boolean(n, &dumpable); !n.broken {
				into.Dumpable = &dumpable
			}
		},
	},
	{
		name: "rate", aliases: "ratelimit rate-limit max-rate limit-rate", takes: "a number and a duration in quotes",
		doc:  `how many cores are kept within a time, such as "3/10m"; of further ones only the crash is told. The default is no limit`,
		read: readRate,
	},
	{
		name: "max-use", aliases: "maxuse quota max-total", takes: "a size", initial: "0",
		doc:  "how much the cores of this service may take on the disk; 0 for no limit but that of [core]",
		read: func(c *checker, n *node, into *Core) { c.size(n, &into.MaxUse) },
	},
}

func readCore(c *checker, n *node, into *Core) {
	readTable(c, n, `core = { limit = "unlimited" }`, coreFields, into)
}

func readCoreLimit(c *checker, n *node, into *Core) {
	var limit uint64
	switch v := n.value.(type) {
	case int64:
		if v < 0 {
			hint := ""
			if v == -1 {
				hint = `did you mean "unlimited"?`
			}
			c.wrong(n, hint, "%s %d is negative", n.label(), v)
			return
		}
		limit = uint64(v)
	case string:
		var err error
		if limit, err = coredump.ParseLimit(v); err != nil {
			c.wrongText(n, err)
			return
		}
	default:
		c.wrongType(n, `a size such as "100MB", or "unlimited"`, "")
		return
	}
	into.Limit = &limit
}

// readCoreFilter takes an array, a string with one or more words as in systemd, and of TOML's
// integers the hexadecimal ones.
func readCoreFilter(c *checker, n *node, into *Core) {
	var filter coredump.Filter
	add := func(at *node, words []string) {
		part, err := coredump.ParseFilter(words)
		if err != nil {
			c.wrongText(at, err)
		}
		filter |= part
	}
	switch v := n.value.(type) {
	case string:
		if strings.TrimSpace(v) == "" {
			c.wrong(n, "write [] for no memory at all", "%s is empty", n.label())
			return
		}
		add(n, strings.Fields(v))
	case int64:
		if raw := strings.ToLower(c.raw(n)); v != 0 && !strings.HasPrefix(raw, "0x") {
			c.wrong(n, fmt.Sprintf(`write a mask in hexadecimal digits: "0x%x" for that number`, max(v, 0)), "%s %d is a decimal number", n.label(), v)
			return
		}
		add(n, []string{fmt.Sprintf("0x%x", v)})
	default:
		if !c.elements(n, "an array of strings", func(element *node) {
			word, ok := element.value.(string)
			if !ok {
				c.wrongType(element, "a kind of mapping in quotes", "")
				return
			}
			add(element, []string{word})
		}) {
			return
		}
	}
	into.Filter = &filter
}
