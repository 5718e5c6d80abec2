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
		name: "mode", aliases: "to target output type", takes: `"prefix", "inherit" or "file"`, initial: `"prefix"`,
		doc: "where the output goes: to the supervisor's own, with the service's name before each line; directly to the supervisor's own; to a file. " +
			`"file" is the default if file is given`,
		read: func(c *checker, n *node, into *Log) {
			if word, ok := c.word(n, logModeWords, "stdout=prefix console=prefix pipe=prefix none=inherit passthrough=inherit"); ok {
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
		name: "max-size", aliases: "size maxsize maxbytes max-bytes rotate-size", takes: "a size", initial: `"10MB"`,
		doc:  "the size at which the file is rotated; 0 for never",
		read: func(c *checker, n *node, into *Log) { c.size(n, &into.MaxSize) },
	},
	{
		name: "keep", aliases: "backups max-files count rotate", takes: "a whole number", initial: "5",
		doc:  "how many rotated files are kept",
		read: func(c *checker, n *node, into *Log) { c.integer(n, 0, maxKeep, &into.Keep) },
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
		case ToFile:
		}
	}
	if into.Mode != ToFile {
		if file != nil {
			c.warn(file, `for that write mode = "file"`, "nothing is written to the file in mode %q", into.Mode)
		}
		into.File = ""
		return
	}
	if into.File != "" {
		c.ownLog(file, into)
	}
}

// logFile is the log of a service, and how many rotated files of it are kept.
type logFile struct {
	n    *node // its node
	path string
	keep int
}

// ownLog rejects a file that is the log of another service, or that a log is renamed to when
// it is rotated (FILE.1 to FILE.keep): each would lose lines of the other.
func (c *checker) ownLog(n *node, into *Log) {
	if c.logs == nil {
		c.logs, c.numbered = map[string]logFile{}, map[string][]logFile{}
	}
	log := logFile{n, path.Clean(into.File), into.Keep}
	if first, ok := c.logs[log.path]; ok {
		c.wrong(n, "each service needs a file of its own", "%s is already the log of service %q", quote(into.File), first.n.parent.parent.name)
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
