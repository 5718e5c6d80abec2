package envfile

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// File is what stands in an environment file.
type File struct {
	Entries []string // NAME=value, in the order of the file
	Notes   []Note   // what is not among them, or not as it was meant
}

// Note is about one line. It quotes no value, which may be secret.
type Note struct {
	Line int // from 1
	Text string
}

// String is "line 3: there is no = in it: ignored".
func (n Note) String() string { return "line " + strconv.Itoa(n.Line) + ": " + n.Text }

// Errors of files that are refused as a whole.
var (
	errUTF16 = errors.New("it is UTF-16: save it as UTF-8")
	errZero  = errors.New("there is a zero byte in it")
)

const (
	byteOrderMark = "\ufeff"
	blanks        = " \t"
)

// Parse reads an environment file.
func Parse(text string) (File, error) {
	if strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") {
		return File{}, errUTF16
	}
	if strings.IndexByte(text, 0) >= 0 {
		return File{}, errZero
	}
	text = strings.TrimPrefix(text, byteOrderMark)
	p := parser{text: strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), line: 1}
	for p.text != "" {
		if err := p.assignment(); err != nil {
			return File{}, err
		}
	}
	return p.file, nil
}

// parser reads a text from its beginning. What is read is cut off.
type parser struct {
	text string
	line int // of what comes next
	file File
}

// assignment reads one line, or several where quotes or backslashes join them.
func (p *parser) assignment() error {
	line := p.line
	switch c := p.text[0]; {
	case c == '\n' || strings.IndexByte(blanks, c) >= 0:
		p.next()
		return nil
	case c == '#' || c == ';':
		p.skipLine()
		return nil
	default:
		name, ok := p.name()
		if !ok {
			p.note(line, "there is no = in it: ignored")
			return nil
		}
		value, closed := p.value()
		if !closed {
			p.note(line, "a quote is not closed: the value goes on to the end of the file")
		}
		return p.add(line, name, value)
	}
}

// add takes an assignment, or says why not.
func (p *parser) add(line int, name, value string) error {
	if !utf8.ValidString(name) || !utf8.ValidString(value) {
		return errors.New(Note{line, "it is not UTF-8"}.String())
	}
	if rest, ok := strings.CutPrefix(name, "export"); ok && rest != strings.TrimLeft(rest, blanks) {
		name = strings.TrimLeft(rest, blanks)
	}
	switch {
	case !isName(name):
		p.note(line, strconv.Quote(name)+" is no name for a variable: ignored")
	case strings.ContainsFunc(value, forbidden):
		p.note(line, "the value of "+name+" has a control character in it: ignored")
	default:
		p.file.Entries = append(p.file.Entries, name+"="+value)
	}
	return nil
}

func isName(text string) bool {
	return text != "" && text[0] != '=' && !strings.ContainsFunc(text, func(r rune) bool {
		return strings.ContainsRune(blanks, r) || isControl(r)
	})
}

// forbidden tells the characters that no value may have.
func forbidden(r rune) bool { return isControl(r) && r != '\t' && r != '\n' }

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// name reads up to the =, of which there is none if ok is false. A = at the very beginning
// does not count.
func (p *parser) name() (name string, ok bool) {
	end := 1 + strings.IndexAny(p.text[1:], "=\n")
	if end == 0 || p.text[end] == '\n' {
		p.skipLine()
		return "", false
	}
	name = p.text[:end]
	p.text = p.text[end+1:]
	return strings.TrimRight(name, blanks), true
}

// value reads up to the end of the line. closed is false if the file ends within quotes.
// Quoted parts that follow one another are joined, with what is between them left out; the
// first character that is neither quoted nor a blank begins a part without quotes, which
// goes to the end of the line.
func (p *parser) value() (value string, closed bool) {
	var b strings.Builder
	quoted, blank := false, false
	for p.text != "" {
		switch c := p.text[0]; {
		case c == '\n':
			p.next()
			return b.String(), true
		case strings.IndexByte(blanks, c) >= 0:
			p.next()
			blank = true
		case c == '\'' || c == '"':
			p.next()
			if !p.quoted(&b, c) {
				return b.String(), false
			}
			quoted, blank = true, false
		case c == '#' && quoted && blank:
			p.skipLine()
			return b.String(), true
		default:
			p.unquoted(&b)
			return b.String(), true
		}
	}
	return b.String(), true
}

// quoted reads up to the closing quote. Newlines belong to the value. closed is false if
// there is none.
func (p *parser) quoted(b *strings.Builder, quote byte) (closed bool) {
	for p.text != "" {
		switch c := p.next(); {
		case c == quote:
			return true
		case c == '\\' && quote == '"':
			p.escaped(b)
		default:
			b.WriteByte(c)
		}
	}
	return false
}

// escaped reads what stands behind a backslash in double quotes, as in sh(1).
func (p *parser) escaped(b *strings.Builder) {
	if p.text == "" {
		return
	}
	switch c := p.next(); c {
	case '\n':
	case '"', '\\', '`', '$':
		b.WriteByte(c)
	default:
		b.WriteByte('\\')
		b.WriteByte(c)
	}
}

// unquoted reads up to the end of the line: a backslash takes the special meaning from what
// follows it, which may be the end of the line. Blanks at the end are left out, unless they
// stand behind a backslash.
func (p *parser) unquoted(b *strings.Builder) {
	var trailing strings.Builder
	for p.text != "" {
		c := p.next()
		switch {
		case c == '\n':
			return
		case strings.IndexByte(blanks, c) >= 0:
			trailing.WriteByte(c)
			continue
		}
		b.WriteString(trailing.String())
		trailing.Reset()
		if c != '\\' {
			b.WriteByte(c)
		} else if p.text != "" {
			if c := p.next(); c != '\n' {
				b.WriteByte(c)
			}
		}
	}
}

// next reads a character. There is one.
func (p *parser) next() byte {
	c := p.text[0]
	p.text = p.text[1:]
	if c == '\n' {
		p.line++
	}
	return c
}

// skipLine reads up to the end of the line, and that.
func (p *parser) skipLine() {
	_, p.text, _ = strings.Cut(p.text, "\n")
	p.line++
}

func (p *parser) note(line int, text string) {
	p.file.Notes = append(p.file.Notes, Note{Line: line, Text: text})
}
