package scenario

import (
	"fmt"
	"io"
	"strings"

	"supervise/internal/text/escape"
)

// WriteJUnit writes results in the XML that continuous integration reads: a test suite for
// each scenario, a test case for each of its checks.
func WriteJUnit(w io.Writer, results []*Result) error {
	var suites strings.Builder
	var total float64
	tests, failures := 0, 0
	for _, r := range results {
		cases, count, failed := junitCases(r)
		fmt.Fprintf(&suites, "\n  <testsuite name=\"%s\" file=\"%s\" tests=\"%d\" failures=\"%d\" time=\"%.3f\">%s</testsuite>",
			escape.XML(r.Name), escape.XML(r.File), count, failed, r.Seconds, onLines(cases, "  "))
		tests, failures, total = tests+count, failures+failed, total+r.Seconds
	}
	_, err := fmt.Fprintf(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"%d\" failures=\"%d\" time=\"%.3f\">%s</testsuites>\n",
		tests, failures, total, onLines(suites.String(), ""))
	return err
}

// junitCases returns the test cases of a scenario.
func junitCases(r *Result) (cases string, count, failures int) {
	output := ""
	for i := range r.Rounds {
		if output == "" {
			output = r.Rounds[i].Output
		}
	}
	var all strings.Builder
	for _, c := range r.Checks() {
		inner := ""
		if count++; !c.OK {
			failures++
			inner = fmt.Sprintf("\n      <failure message=\"%s\">%s</failure>",
				escape.XML(c.Seen), escape.XML(c.Name+": "+c.Seen+"\n"+strings.Join(r.Command, " ")))
			if output != "" {
				inner += "\n      <system-out>" + escape.XML(output) + "</system-out>"
			}
		}
		fmt.Fprintf(&all, "\n    <testcase classname=\"%s\" name=\"%s\">%s</testcase>", escape.XML(r.Name), escape.XML(c.Name), onLines(inner, "    "))
	}
	return all.String(), count, failures
}

// onLines puts the tag that follows elements on a line of its own.
func onLines(elements, indent string) string {
	if elements == "" {
		return ""
	}
	return elements + "\n" + indent
}
