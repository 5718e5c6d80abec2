package tree

import (
	"strconv"
	"strings"

	"supervise/internal/text/escape"
)

// maxNamed is how many processes one line names.
const maxNamed = 8

// Names names processes for a line of text, each with what about says of it, unless that is nil:
// "812 (sleep), 813 (sh)". Of many it names some, and says how many more there are.
func Names(members []Member, about func(pid int) string) string {
	var b strings.Builder
	for i, m := range members {
		if i > 0 {
			b.WriteString(", ")
		}
		if i == maxNamed {
			b.WriteString(strconv.Itoa(len(members)-i) + " more")
			break
		}
		b.WriteString(strconv.Itoa(m.PID) + " (" + escape.Name(m.Name) + ")")
		if about == nil {
			continue
		}
		if text := about(m.PID); text != "" {
			b.WriteString(" " + text)
		}
	}
	return b.String()
}
