package request

import (
	"strconv"
	"strings"
)

// NoService says that no services have these names.
func NoService(names []string) *Failure {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = strconv.Quote(name)
	}
	text := "there is no service "
	if len(names) > 1 {
		text = "there are no services "
	}
	return &Failure{Code: UnknownService, Text: text + strings.Join(quoted, ", ")}
}
