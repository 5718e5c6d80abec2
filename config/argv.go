package config

import "fmt"

// argv reads a program with its arguments, from an array or from a string that is split like
// in a shell. It returns nil if that cannot be run.
func (c *checker) argv(n *node) []string {
	var words []string
	if line, ok := n.value.(string); ok {
		if words, ok = c.splitLine(n, line); !ok {
			return nil
		}
	} else if n.kind == array {
		words = make([]string, 0, len(n.children))
		for _, element := range n.children {
			word, ok := element.value.(string)
			if !ok {
				c.wrongType(element, "a string", c.inQuotes(element))
			} else if c.noNUL(element, word) {
				words = append(words, word)
			}
		}
		if len(words) < len(n.children) {
			return nil
		}
	} else {
		c.wrongType(n, "an array of strings, or a string", fmt.Sprintf(`write %s = ["program", "argument"]`, n.name))
		return nil
	}
	if len(words) == 0 {
		c.wrong(n, "its first word is the program", "%s is empty", n.name)
		return nil
	}
	if words[0] == "" {
		at := n
		if n.kind == array {
			at = n.children[0]
		}
		c.wrong(at, "", "the program in %s is empty", n.name)
		return nil
	}
	return words
}

// splitLine splits a command line into words, and warns about anything that needs a shell.
func (c *checker) splitLine(n *node, line string) ([]string, bool) {
	if !c.noNUL(n, line) {
		return nil, false
	}
	words, special, err := splitWords(line)
	if err != nil {
		c.wrong(n, fmt.Sprintf(`or write the arguments as an array: %s = ["program", "argument"]`, n.name), "%s cannot be split: %v", n.name, err)
		return nil, false
	}
	if special != "" {
		c.warn(n, fmt.Sprintf(`for a shell write %s = ["sh", "-c", %s]`, n.name, quote(line)), "%s in %s is passed on unchanged, because no shell reads it", quote(special), n.name)
	}
	return words, true
}

// inQuotes is a hint for a value that should have been a string.
func (c *checker) inQuotes(n *node) string {
	if n.kind == scalar {
		return "write " + quote(c.raw(n))
	}
	return ""
}
