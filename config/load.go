package config

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"

	"supervise/internal/safefile"
)

// MaxFileSize is the size in bytes above which a file is rejected unread: 4 MiB.
const MaxFileSize = 4 << 20

// Load reads and checks a whole configuration file: all problems with its contents are
// returned as one [*Error]. A nil host skips the checks against this machine.
//
// Other errors say why the file could not be read, and wrap the system's error. Only regular
// files are read, so that a FIFO cannot block.
func Load(path string, host Host) (*File, error) {
	data, err := read(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, data, host)
}

// LoadCollection reads the table [core] of a configuration file, in which there need be no
// service. Without the table it is nil.
func LoadCollection(path string, host Host) (*Collection, error) {
	data, err := read(path)
	if err != nil {
		return nil, err
	}
	file, _, err := parseWith(path, data, host, &checker{noneYet: true})
	if err != nil || file.Core.Directory == "" {
		return nil, err
	}
	return &file.Core, nil
}

// Estimate returns about how many services a configuration file has, without checking it; 0
// if it cannot be read.
func Estimate(path string) (n int) {
	data, _ := read(path)
	for line := range bytes.Lines(data) {
		name, header := bytes.CutPrefix(line, []byte("[service."))
		if header && !bytes.Contains(name, []byte(".")) { // otherwise a table within a service
			n++
		}
	}
	return n
}

// LoadOursAlone is Load for a path that comes from somebody who must not say what we do: it
// refuses a file that, or a part of whose path, others than root and we can change.
func LoadOursAlone(path string, host Host) (*File, error) {
	data, err := readBy(path, safefile.OursAlone)
	if err != nil {
		return nil, err
	}
	return Parse(path, data, host)
}

func read(path string) ([]byte, error) { return readBy(path, safefile.Named) }

func readBy(path string, rule safefile.Rule) ([]byte, error) {
	data, err := safefile.Read(path, MaxFileSize, rule)
	if err != nil {
		return nil, fmt.Errorf("cannot read configuration %q: %w", path, err)
	}
	return data, nil
}

// Parse checks the contents of a configuration file, and returns it with all defaults filled
// in. name stands for the file in messages. A nil host skips the checks against this machine.
// The error is an [*Error] with all problems, up to the first place, if any, after which the
// rest cannot be read as TOML.
func Parse(name string, data []byte, host Host) (*File, error) {
	file, _, err := parse(name, data, host)
	if err != nil {
		return nil, err
	}
	return file, nil
}

// decode makes text of a file's bytes, without the byte order mark of some editors.
func decode(data []byte) (string, *finding) {
	if len(data) > MaxFileSize {
		return "", &finding{message: fmt.Sprintf("the file is larger than %d MiB", MaxFileSize>>20)}
	}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return "", &finding{message: "the file is in UTF-16", hint: "save it in UTF-8"}
	}
	text := strings.TrimPrefix(string(data), "\uFEFF")
	for i, r := range text {
		switch {
		case r == utf8.RuneError:
			if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
				return text, &finding{
					at:      span{i, i + 1},
					message: fmt.Sprintf("byte 0x%02x is not UTF-8", text[i]), hint: "save the file in UTF-8",
				}
			}
		case r < ' ' && r != '\t' && r != '\n' && !strings.HasPrefix(text[i:], "\r\n"), r == 0x7f:
			return text, &finding{
				at:      span{i, i + 1},
				message: fmt.Sprintf("control character 0x%02x, which TOML does not allow", r),
				hint:    fmt.Sprintf(`inside "double quotes" it can be written \u%04x`, r),
			}
		}
	}
	return text, nil
}

// decodeTOML calls the library. The library panics if it finds a bug in itself; no file may
// end its reader.
func decodeTOML(text string, values *map[string]any) (err error) {
	defer func() {
		if failure := recover(); failure != nil {
			err = fmt.Errorf("the TOML library cannot read this file: %v", failure)
		}
	}()
	_, err = toml.Decode(text, values)
	return err
}
