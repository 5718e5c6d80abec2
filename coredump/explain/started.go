package explain

import (
	"slices"

	"supervise/coredump/report"
	words "supervise/internal/text"
)

// started adds how the process was started: its arguments and its environment, which the
// kernel has put at the beginning of the first stack (fs/binfmt_elf.c, create_elf_tables). A
// process may have written over them since then, to show something else in ps.
func started(r *report.Report, p *process) {
	arguments, environment, ok := p.strings()
	if !ok {
		return
	}
	if len(arguments) > 0 {
		r.Command = Command(arguments)
	}
	r.Environment = Environment(environment)
}

// Limits of what is read of the arguments and the environment.
const (
	maxStrings    = 4096
	maxStringSize = 32 << 10
	maxVector     = 1 << 16 // bytes between the vector's entry of the path and the strings
)

// strings finds the arrays of pointers argv and envp, which stand before the auxiliary vector.
func (p *process) strings() (arguments, environment []string, ok bool) {
	random, exec := p.auxv[auxRandom], p.auxv[auxExec]
	if random < maxVector || exec == 0 {
		return nil, nil, false
	}
	at, ok := p.vector(random, exec)
	if !ok {
		return nil, nil, false
	}
	environment, at, ok = p.array(at-8, random)
	if !ok {
		return nil, nil, false
	}
	arguments, at, ok = p.array(at, random)
	if !ok {
		return nil, environment, true
	}
	if count, ok := p.word(at); !ok || count != uint64(len(arguments)) {
		arguments = nil
	}
	return arguments, environment, true
}

// vector returns where the auxiliary vector begins. It is below the random bytes that one
// entry points to, and has the path in another.
func (p *process) vector(random, exec uint64) (at uint64, ok bool) {
	for at = random &^ 7; at > random-maxVector; at -= 8 {
		key, ok := p.word(at)
		if !ok {
			return 0, false
		}
		if key != auxExec {
			continue
		}
		if value, _ := p.word(at + 8); value == exec {
			break
		}
	}
	// Before its first entry stand the last pointer of the environment and 0.
	for at > random-maxVector {
		key, ok := p.word(at - 16)
		if !ok {
			return 0, false
		}
		if key == 0 || key > pageSize {
			return at, true
		}
		at -= 16
	}
	return 0, false
}

// array returns the strings of an array of pointers that ends with the 0 at end, and where it
// begins: after another 0, or the number of its elements. The strings are above low.
func (p *process) array(end, low uint64) (texts []string, before uint64, ok bool) {
	if zero, ok := p.word(end); !ok || zero != 0 {
		return nil, 0, false
	}
	at, size := end-8, 0
	for ; len(texts) < maxStrings; at -= 8 {
		pointer, ok := p.word(at)
		if !ok {
			return nil, 0, false
		}
		if pointer < low {
			break
		}
		text, _ := p.text(pointer, maxStringSize)
		if size += len(text); size > maxStrings*64 {
			return nil, 0, false
		}
		texts = append(texts, text)
	}
	for i, k := 0, len(texts)-1; i < k; i, k = i+1, k-1 {
		texts[i], texts[k] = texts[k], texts[i]
	}
	return texts, at, true
}

// Environment returns NAME=value for each variable, with the values of secrets masked: of names
// that sound like one, and passwords in URLs. What is no variable is left out.
func Environment(variables []string) (masked []string) {
	for _, v := range variables {
		name, value, ok := words.Cut(v, '=')
		if !ok || name == "" {
			continue
		}
		switch {
		case value == "":
		case isSecret(name):
			value = mask
		default:
			value = maskURLs(value)
		}
		masked = append(masked, name+"="+value)
	}
	return masked
}

// Command returns the arguments of a program as one line, those with blanks in quotes, and
// secrets masked: --password=..., and passwords in URLs.
func Command(arguments []string) string {
	var b []byte
	secret := false
	for i, a := range arguments {
		if i > 0 {
			b = append(b, ' ')
		}
		a, secret = maskArgument(a, secret)
		if a == "" || words.IndexAny(a, " \t\n'\"\\") >= 0 {
			a = "'" + words.Join(slices.Collect(words.Split(a, '\'')), `'\''`) + "'"
		}
		b = append(b, a...)
	}
	return string(b)
}

// maskWords masks the words of a command line whose arguments cannot be told apart.
func maskWords(line string) string {
	parts, secret := slices.Collect(words.Split(line, ' ')), false
	for i := range parts {
		parts[i], secret = maskArgument(parts[i], secret)
	}
	return words.Join(parts, " ")
}

// maskArgument masks an argument if it has a secret in it, or if the one before said that it
// is one; next says that of the one after it.
func maskArgument(a string, secret bool) (masked string, next bool) {
	if words.HasPrefix(a, "-") {
		name, value, ok := words.Cut(a, '=')
		switch {
		case !isSecret(name):
		case ok && value != "":
			return name + "=" + mask, false
		case !ok && words.HasPrefix(a, "--"):
			return a, true
		}
		return maskURLs(a), false
	}
	if secret {
		return mask, false
	}
	return maskURLs(a), false
}

const mask = "***"

// secrets are what is in the names of variables whose values are not shown.
var secrets = []string{"TOKEN", "SECRET", "PASS", "PASSWORD", "PASSWD", "KEY", "CREDENTIAL", "AUTH", "COOKIE", "DSN"}

func isSecret(name string) bool {
	name = words.Upper(name)
	for _, s := range secrets {
		if words.Contains(name, s) {
			return true
		}
	}
	return false
}

// maskURLs masks the passwords of all URLs in a text: postgres://user:***@host.
func maskURLs(text string) string {
	if !words.Contains(text, "://") {
		return text
	}
	var b []byte
	for {
		at := words.Index(text, "://")
		if at < 0 {
			return string(append(b, text...))
		}
		at += len("://")
		b = append(b, text[:at]...)
		rest := text[at:]
		end := words.IndexAny(rest, " \t\n")
		if end < 0 {
			end = len(rest)
		}
		if next := words.Index(rest[:end], "://"); next >= 0 {
			end = next
		}
		// Up to the last @, as a password may have a slash in it that ought to be encoded.
		authority := rest[:end]
		if i := words.LastIndexByte(authority, '@'); i >= 0 {
			if user, _, ok := words.Cut(authority[:i], ':'); ok {
				authority = user + ":" + mask + authority[i:]
			}
		}
		b = append(b, authority...)
		text = rest[end:]
	}
}
