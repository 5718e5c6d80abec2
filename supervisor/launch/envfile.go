package launch

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"supervise/internal/safefile"
	"supervise/supervisor/process"
)

// maxEnvironmentFile bounds what is read of an environment file, in bytes.
const maxEnvironmentFile = 1 << 20

// readEnvironmentFile reads NAME=value lines. Empty lines and lines that begin with # are
// skipped, and so is "export " before a name. A value may be in single quotes, within which
// nothing is special, or in double quotes, within which \\, \", \$, \` and \n are escapes.
// Nothing is expanded.
//
// A file that is root's or ours, in directories that are, is read whatever its service may:
// secrets need not be readable for who runs with them. Any other is read with the rights of
// the service's user, or refused where the service runs as we do.
func readEnvironmentFile(path string, who *process.Credential) ([]string, error) {
	text, err := safefile.Read(path, maxEnvironmentFile, safefile.Ours)
	var refused *safefile.RefusedError
	if errors.As(err, &refused) && who != nil && int(who.UID) != os.Geteuid() {
		user := safefile.User{UID: who.UID, GID: who.GID, Groups: who.Groups}
		if text, err = safefile.ReadAs(user, path, maxEnvironmentFile); err != nil {
			err = fmt.Errorf("%w (%s, and so not as uid %d)", err, refused.Reason, os.Geteuid())
		}
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the environment file %s: %w", path, err)
	}
	entries, err := parseEnvironment(path, string(text))
	if err != nil {
		return nil, fmt.Errorf("cannot read the environment file: %w", err)
	}
	return entries, nil
}

func parseEnvironment(path, text string) (environment []string, err error) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		name = strings.TrimSpace(name)
		if !ok || !isName(name) {
			return nil, fmt.Errorf("%s:%d: not of the form NAME=value", path, number)
		}
		if value, err = unquote(strings.TrimSpace(value)); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, number, err)
		}
		environment = append(environment, name+"="+value)
	}
	return environment, nil
}

// isName reports whether a text is the name of an environment variable, as POSIX defines it.
func isName(text string) bool {
	for i, c := range []byte(text) {
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return text != ""
}

func unquote(value string) (string, error) {
	if value == "" || value[0] != '"' && value[0] != '\'' {
		return value, nil
	}
	quote, rest := value[0], value[1:]
	var b strings.Builder
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == quote && i == len(rest)-1:
			return b.String(), nil
		case c == quote:
			return "", fmt.Errorf("text after the closing quote: %s", rest[i+1:])
		case c == '\\' && quote == '"' && i+1 < len(rest):
			i++
			b.WriteString(unescaped(rest[i]))
		default:
			b.WriteByte(c)
		}
	}
	return "", fmt.Errorf("no closing quote: %s", value)
}

// unescaped is what a backslash and c stand for in double quotes: as in sh(1), and \n for a
// newline.
func unescaped(c byte) string {
	switch c {
	case 'n':
		return "\n"
	case '\\', '"', '$', '`':
		return string(c)
	}
	return `\` + string(c)
}
