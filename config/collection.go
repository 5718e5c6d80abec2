package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"supervise/coredump/order"
)

// collectionFields are those of [core]: what becomes of the cores of all services.
var collectionFields = []field[Collection]{
	{
		name: "collect", aliases: "way method mode enabled collector", takes: `"auto", "socket", "pipe", "files" or "off"`, initial: `"auto"`,
		doc: "how cores are collected; without this table they are not. \"auto\" is the best way that needs no change of core_pattern, or the best there is with install: " +
			"a socket of the kernel's (Linux 6.16), a handler behind a pipe, or the files that the kernel writes",
		read: func(c *checker, n *node, into *Collection) {
			if word, ok := c.word(n, collectWords, "true=auto yes=auto on=auto best=auto false=off no=off none=off file=files handler=pipe"); ok {
				into.Collect = Collect(word)
			}
		},
	},
	{
		name: "install", aliases: "set-pattern core-pattern core_pattern pattern", takes: "true or false", initial: "false",
		doc:  "set core_pattern, for the whole machine, while supervise runs; at its end what was there before is put back. Processes of no service are collected then, too",
		read: func(c *checker, n *node, into *Collection) { c.boolean(n, &into.Install) },
	},
	{
		name: "force", aliases: "replace overwrite steal", takes: "true or false", initial: "false",
		doc:  "with install, replace the core_pattern of another program, too",
		read: func(c *checker, n *node, into *Collection) { c.boolean(n, &into.Force) },
	},
	{
		name: "directory", aliases: "dir path store storage folder", takes: "an absolute path", initial: strconv.Quote(coreDirectory),
		doc:  "where cores are kept, each in a directory of its own, with nothing else; it is made if it is not there, and belongs to root alone",
		read: func(c *checker, n *node, into *Collection) { c.absolute(n, &into.Directory) },
	},
	{
		name: "capture", aliases: "keep what kind", takes: `"mini", "full", "mini+full" or "none"`, initial: `"mini+full"`,
		doc: "what is kept: a small core with the stacks, after which the process ends and the service can be started again at once; the full one; " +
			"both, and the service is started again while the full one is being written, when the old process still has its ports; or only what is known of the crash",
		read: func(c *checker, n *node, into *Collection) {
			if word, ok := c.word(n, captureWords, "both=mini+full full+mini=mini+full small=mini minimal=mini all=mini+full off=none nothing=none"); ok {
				into.Capture = order.Capture(captureWords[word])
			}
		},
	},
	{
		name: "max-use", aliases: "maxuse max-total quota limit disk", takes: "a size", initial: `"2GB"`,
		doc:  "how much all cores may take on the disk: the oldest full ones are removed; 0 for no limit",
		read: func(c *checker, n *node, into *Collection) { c.size(n, &into.MaxUse) },
	},
	{
		name: "keep-free", aliases: "keepfree min-free reserve", takes: "a size", initial: `"1GB"`,
		doc:  "how much of the file system stays free, also while a core is being written, which is cut short then; 0 for nothing",
		read: func(c *checker, n *node, into *Collection) { c.size(n, &into.KeepFree) },
	},
	{
		name: "max-age", aliases: "maxage age max-days retention", takes: "a duration", initial: `"30d"`,
		doc:  "after how long a core is removed, in days (\"30d\") or as other durations; 0 for never",
		read: func(c *checker, n *node, into *Collection) { c.age(n, &into.MaxAge) },
	},
	{
		name: "max-core", aliases: "maxcore max-size core-size size processsizemax externalsizemax", takes: "a size", initial: `"8GB"`,
		doc:  "the size at which a full core is cut short; 0 for none",
		read: func(c *checker, n *node, into *Collection) { c.size(n, &into.MaxCore) },
	},
	{
		name: "compress", aliases: "compression zip", takes: `"zstd", "inline" or "none"`, initial: `"zstd"`,
		doc: `whether full cores are compressed: once they are stored, at low priority; while they are written; or never`,
		read: func(c *checker, n *node, into *Collection) {
			if word, ok := c.word(n, coreCompressWords, "true=zstd yes=zstd gzip=zstd later=zstd after=zstd streaming=inline false=none no=none off=none"); ok {
				into.Compress = order.Compression(coreCompressWords[word])
			}
		},
	},
	{
		name: "timeout", aliases: "dump-timeout max-time wait", takes: "a duration", initial: `"60s"`,
		doc: "how long a core may take, whoever writes it: so long the SIGKILL of a ladder waits for one, and after that it is cut short; " +
			"\"0s\" for no time at all: nothing waits for a core, and no service is started again before its core is written. Also without the other keys",
		read: func(c *checker, n *node, into *Collection) { c.duration(n, &into.Timeout) },
	},
	{
		name: "on-core", aliases: "hook notify exec run on-crash oncore handler", takes: "an array of strings, or a string",
		doc: "a program, absolute or to be found in PATH, with its arguments, that is run once a core is stored, with what is known of the crash as JSON on its standard input",
		read: func(c *checker, n *node, into *Collection) {
			if argv := c.hook(n); argv != nil {
				into.OnCore = argv
			}
		},
	},
}

const coreDirectory = "/var/lib/supervise/cores"

// coreTimeout is how long a core may take where the file does not say it.
const coreTimeout = 60 * time.Second

// defaultCollection is what holds without a table [core]: nothing is collected, and what the
// kernel writes by itself is given time to.
func defaultCollection() Collection { return Collection{Timeout: coreTimeout} }

// readCollection reads the table. That it is there means that cores are to be collected.
func readCollection(c *checker, n *node, into *Collection) {
	*into = Collection{
		Collect: CollectAuto, Directory: coreDirectory, Capture: order.MiniAndFull, Compress: order.Zstd,
		MaxUse: 2e9, KeepFree: 1e9, MaxCore: 8e9, MaxAge: 30 * day, Timeout: coreTimeout,
	}
	if _, ok := readTable(c, n, `core = { collect = "auto" }`, collectionFields, into); !ok {
		return
	}
	install, force := n.child("install"), n.child("force")
	if force != nil && into.Force && !into.Install {
		c.warn(force, "write install = true, or leave it out", "force does nothing without install")
	}
	if install == nil || !into.Install {
		return
	}
	switch into.Collect {
	case CollectOff:
		c.warn(install, `leave it out, or write collect = "auto"`, `nothing is installed, as collect is "off"`)
	case CollectFiles:
		c.warn(install, `leave it out, or write collect = "auto"`, `nothing is installed, as collect = "files" takes what core_pattern has the kernel write`)
	case CollectAuto, CollectSocket, CollectPipe:
	}
}

const day = 24 * time.Hour

// age reads a duration that may be a number of days.
func (c *checker) age(n *node, into *time.Duration) {
	if text, ok := n.value.(string); ok {
		if digits, days := strings.CutSuffix(text, "d"); days {
			if count, err := strconv.ParseUint(digits, 10, 16); err == nil && time.Duration(count)*day <= maxDuration {
				*into = time.Duration(count) * day
				return
			}
		}
	}
	c.duration(n, into)
}

// withoutCollection warns of settings of services that mean nothing as nothing is collected.
func (c *checker) withoutCollection(root *node, file *File) {
	if file.Core.Collect != CollectOff || c.services == nil {
		return
	}
	hint := `write collect = "auto" in a table [core]`
	if core := root.child("core"); core != nil {
		hint = `write collect = "auto" in [core]`
	}
	for _, service := range c.services.children {
		core := service.child("core")
		if core == nil || core.kind != table {
			continue
		}
		for _, key := range []string{"rate", "max-use"} {
			if child := core.child(key); child != nil && child.value != int64(0) {
				c.warn(child, hint, "%s does nothing, as no cores are collected", key)
			}
		}
	}
}

// readRate reads "3/10m": so many within such a time.
func readRate(c *checker, n *node, into *Core) {
	const hint = `write "3/10m" for three within ten minutes`
	text, ok := n.value.(string)
	if !ok {
		c.wrongType(n, "a number and a duration in quotes", hint)
		return
	}
	digits, within, ok := strings.Cut(text, "/")
	count, err := strconv.ParseUint(strings.TrimSpace(digits), 10, 16)
	if !ok || err != nil {
		c.wrong(n, hint, "%s %s is not a number and a duration", n.label(), quote(text))
		return
	}
	per, err := time.ParseDuration(strings.TrimSpace(within))
	switch {
	case err != nil:
		c.wrong(n, hint, "%s %s has no duration behind the slash", n.label(), quote(text))
	case count < 1 || count > maxRate:
		c.wrong(n, "for none at all write dumpable = false", "%s %s: the number must be from 1 to %d", n.label(), quote(text), maxRate)
	case per <= 0 || per > maxDuration:
		c.wrong(n, hint, "%s %s: the time must be more than 0, and at most a year", n.label(), quote(text))
	default:
		into.Rate = Rate{Count: int(count), Per: per}
	}
}

// maxRate is more than are worth counting.
const maxRate = 1000

// String returns the rate as in a file: "3/10m0s". That of the zero Rate is "".
func (r Rate) String() string {
	if r == (Rate{}) {
		return ""
	}
	return fmt.Sprintf("%d/%v", r.Count, r.Per)
}
