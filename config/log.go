package config

import (
	"path"
	"strconv"
	"strings"
)

// maxKeep is more rotated files than a directory should have.
const maxKeep = 10_000

var logFields = []field[Log]{
	{
		name: "mode", aliases: "to target output type", takes: `"prefix", "inherit", "file" or "discard"`, initial: `"prefix"`,
		doc: "where the output goes: to the supervisor's own, with the service's name before each line; directly to the supervisor's own; to a file; nowhere, but the last lines are kept for supervise logs. " +
			`"file" is the default if file is given`,
		read: func(c *checker, n *node, into *Log) {
			if word, ok := c.word(n, logModeWords, "stdout=prefix console=prefix pipe=prefix none=inherit passthrough=inherit null=discard off=discard devnull=discard"); ok {
				into.Mode = LogMode(word)
			}
		},
	},
	{
		name: "format", aliases: "style", takes: `"text" or "json"`,
		doc: `the format of lines in mode "file", the default is text; in mode "prefix" the format is that of the supervisor's log`,
		read: func(c *checker, n *node, into *Log) {
			if word, ok := c.word(n, formatWords[Text:], "plain=text logfmt=text jsonl=json"); ok {
				into.Format = Text + LogFormat(word)
			}
		},
	},
	{
		name: "file", aliases: "path filename logfile log-file stdout-logfile", takes: "an absolute path",
		doc: `the file of mode "file", in an existing directory, behind symbolic links of root and the supervisor's user only; as long as it cannot be opened, the output goes to the ` +
			`supervisor's own, with the service's name before each line`,
		read: func(c *checker, n *node, into *Log) { c.absolute(n, &into.File) },
	},
	{
		name: "stderr", aliases: "stderr-file stderr-logfile error-file errors err", takes: "an absolute path",
		doc:  "another file for standard error, in the same way; the default is one file for both",
		read: func(c *checker, n *node, into *Log) { c.absolute(n, &into.Stderr) },
	},
	{
		name: "when-full", aliases: "full on-full overflow when-stuck", takes: `"wait" or "drop"`, initial: `"wait"`,
		doc: "what becomes of lines while the disk is full, or nobody reads the supervisor's output, and more than 256 KiB are in memory: " +
			"they wait, and so does the program that writes them; or they are dropped, counted and reported",
		read: func(c *checker, n *node, into *Log) {
			if word, ok := c.word(n, whenStuckWords, "block=wait blocking=wait non-blocking=drop nonblock=drop discard=drop drop-newest=drop"); ok {
				into.WhenFull = WhenStuck(word)
			}
		},
	},
	{
		name: "max-size", aliases: "size maxsize maxbytes max-bytes rotate-size", takes: "a size", initial: `"10MB"`,
		doc:  "the size at which a file is rotated; 0 for never",
		read: func(c *checker, n *node, into *Log) { c.size(n, &into.MaxSize) },
	},
	{
		name: "keep", aliases: "backups max-files count rotate", takes: "a whole number", initial: "5",
		doc:  "how many rotated files are kept: FILE.1, the newest, to FILE.5",
		read: func(c *checker, n *node, into *Log) { c.integer(n, 0, maxKeep, &into.Keep) },
	},
	{
		name: "max-age", aliases: "maxage age max-days retention", takes: "a duration", initial: `"0s"`,
		doc:  "how long after its last line a rotated file is removed; 0 for never",
		read: func(c *checker, n *node, into *Log) { c.duration(n, &into.MaxAge) },
	},
	{
		name: "compress", aliases: "compression zip gzip", takes: `"none" or "gzip"`, initial: `"none"`,
		doc: "whether FILE.1.gz is made of FILE.1, and so on, some time after the rotation and at low priority",
		read: func(c *checker, n *node, into *Log) {
			if word, ok := c.word(n, compressWords, "true=gzip yes=gzip gz=gzip false=none no=none off=none"); ok {
				into.Compress = Compression(word)
			}
		},
	},
	{
		name: "owner", aliases: "user uid chown file-owner", takes: "a name or a number",
		doc:  "the user that the files belong to; the default is the supervisor's",
		read: func(c *checker, n *node, into *Log) { c.account(n, &c.users, &into.Owner) },
	},
	{
		name: "group", aliases: "gid file-group", takes: "a name or a number",
		doc:  "the group that the files belong to; the default is the supervisor's",
		read: func(c *checker, n *node, into *Log) { c.account(n, &c.groups, &into.Group) },
	},
	{
		name: "permissions", aliases: "file-mode chmod perm perms umask", takes: "an octal number in quotes",
		doc:  `the permission bits of the files, whatever the umask; the default is "0640" less the umask for new files, and what they have for others`,
		read: readPermissions,
	},
}

func readLog(c *checker, n *node, into *Log) {
	there, ok := readTable(c, n, `log = { mode = "prefix" }`, logFields, into)
	if !ok {
		return
	}
	mode, file := n.child("mode"), n.child("file")
	if mode == nil && file != nil {
		into.Mode = ToFile
	}
	if into.Mode == ToFile && !there["file"] {
		c.wrongKey(mode, `write file = "/var/log/NAME.log"`, `mode "file" needs a file`)
	}
	if format := n.child("format"); format != nil && (mode == nil || there["mode"]) {
		switch into.Mode {
		case Inherit:
			c.wrongKey(format, "", `mode "inherit" has no format: the supervisor does not see the lines`)
		case Prefix:
			c.wrongKey(format, "all use the format of the supervisor's log: supervise run --log-format", `in mode "prefix" a service has no format of its own`)
		case Discard:
			c.wrongKey(format, "", `mode "discard" has no format: nothing is written`)
		case ToFile:
		}
	}
	if into.Mode != ToFile {
		c.withoutFile(n, there, into)
		return
	}
	if into.File != "" {
		c.ownLog(file, into.File, into)
	}
	if stderr := n.child("stderr"); stderr != nil && into.Stderr != "" {
		if into.Stderr = path.Clean(into.Stderr); into.Stderr == path.Clean(into.File) {
			into.Stderr = "" // as without it
			return
		}
		c.ownLog(stderr, into.Stderr, into)
	}
}

// withoutFile warns about keys that do nothing where there is no file, and takes them back.
func (c *checker) withoutFile(n *node, there map[string]bool, into *Log) {
	for _, key := range []string{"file", "stderr", "max-age", "compress", "owner", "group", "permissions"} {
		switch child := n.child(key); {
		case child == nil || !there[key] || key == "max-age" && into.MaxAge == 0 || key == "compress" && into.Compress == NoCompression:
		case key == "file" || key == "stderr":
			c.warn(child, `for that write mode = "file"`, "nothing is written to the file in mode %q", into.Mode)
		default:
			c.warn(child, "", "%s is about files, and there is none in mode %q", key, into.Mode)
		}
	}
	if child := n.child("when-full"); child != nil && (into.Mode == Inherit || into.Mode == Discard) {
		c.warn(child, "", "when-full has no effect in mode %q", into.Mode)
	}
	*into = Log{Mode: into.Mode, Format: into.Format, WhenFull: into.WhenFull, MaxSize: into.MaxSize, Keep: into.Keep}
}

func readPermissions(c *checker, n *node, into *Log) {
	mode, ok := c.octal(n, "0640")
	switch {
	case !ok:
	case mode&0o111 != 0:
		c.wrong(n, `the most is "0666"`, "permissions %04o have execute bits, but a log is no program", mode)
	case mode&0o600 != 0o600:
		c.wrong(n, `the first digit is 6: "0600" or "0640"`, "permissions %04o keep the owner from the file", mode)
	default:
		into.Permissions = mode
		if mode&0o002 != 0 {
			c.warn(n, "", "permissions %04o let everyone on this machine write the log", mode)
		}
	}
}

// logFile is the log of a service, and how many rotated files of it are kept.
type logFile struct {
	n    *node // its node
	path string
	keep int
}

// ownLog rejects a file that is the log of another service, or that a log is renamed to when
// it is rotated (FILE.1 to FILE.keep, and the same with .gz): each would lose lines of the
// other.
func (c *checker) ownLog(n *node, file string, into *Log) {
	if c.logs == nil {
		c.logs, c.numbered = map[string]logFile{}, map[string][]logFile{}
	}
	log := logFile{n, path.Clean(file), into.Keep}
	if first, ok := c.logs[log.path]; ok {
		c.wrong(n, "each service needs a file of its own", "%s is already the log of service %q", quote(file), first.n.parent.parent.name)
		return
	}
	c.logs[log.path] = log
	stem, number := rotated(log.path)
	if other, ok := c.logs[stem]; ok && number > 0 && number <= other.keep {
		c.rotatedOver(n, log, other)
	}
	if number > 0 {
		c.numbered[stem] = append(c.numbered[stem], log)
	}
	for _, other := range c.numbered[log.path] {
		if _, number := rotated(other.path); number <= log.keep {
			c.rotatedOver(n, other, log)
		}
	}
}

func (c *checker) rotatedOver(n *node, log, by logFile) {
	c.wrong(n, "choose a name that does not end in a number", "%s, the log of service %q, is the name of %s, the log of service %q, after a rotation",
		quote(log.path), log.n.parent.parent.name, quote(by.path), by.n.parent.parent.name)
}

// ownJournal rejects a journal whose file, or FILE.1, is the file of a log.
func (c *checker) ownJournal(root *node, file string) {
	if file == "" {
		return
	}
	n, file := root.child("supervisor").child("journal"), path.Clean(file)
	for _, name := range []string{file, file + ".1"} {
		log, ok := c.logs[name]
		if stem, number := rotated(name); !ok && number > 0 && c.logs[stem].keep >= number {
			log, ok = c.logs[stem], true
		}
		if ok {
			c.wrong(n, "name a file of its own", "%s belongs to the log of service %q", quote(name), log.n.parent.parent.name)
		}
	}
}

// rotated splits the name of a rotated file. The number is 0 for any other file.
func rotated(file string) (stem string, number int) {
	file = strings.TrimSuffix(file, ".gz")
	i := strings.LastIndexByte(file, '.')
	if i < 0 {
		return file, 0
	}
	number, err := strconv.Atoi(file[i+1:])
	if err != nil || number < 1 || file[i+1] == '0' || file[i+1] == '+' {
		return file, 0
	}
	return file[:i], number
}
