package scenario

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

type (
	junitSuites struct {
		XMLName  xml.Name `xml:"testsuites"`
		Tests    int      `xml:"tests,attr"`
		Failures int      `xml:"failures,attr"`
		Time     string   `xml:"time,attr"`
		Suites   []junitSuite
	}
	junitSuite struct {
		XMLName  xml.Name `xml:"testsuite"`
		Name     string   `xml:"name,attr"`
		File     string   `xml:"file,attr"`
		Tests    int      `xml:"tests,attr"`
		Failures int      `xml:"failures,attr"`
		Time     string   `xml:"time,attr"`
		Cases    []junitCase
	}
	junitCase struct {
		XMLName xml.Name      `xml:"testcase"`
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		Failure *junitFailure `xml:"failure"`
		Output  string        `xml:"system-out,omitempty"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes results in the XML that continuous integration reads: a test suite for
// each scenario, a test case for each of its checks.
func WriteJUnit(w io.Writer, results []*Result) error {
	var all junitSuites
	var total float64
	for _, r := range results {
		suite := junitSuite{Name: r.Name, File: r.File, Time: seconds(r.Seconds)}
		output := ""
		for i := range r.Rounds {
			if output == "" {
				output = r.Rounds[i].Output
			}
		}
		for _, c := range r.Checks() {
			one := junitCase{Class: r.Name, Name: c.Name}
			if !c.OK {
				one.Failure = &junitFailure{Message: c.Seen, Text: c.Name + ": " + c.Seen + "\n" + strings.Join(r.Command, " ")}
				one.Output = output
				suite.Failures++
			}
			suite.Cases = append(suite.Cases, one)
		}
		suite.Tests = len(suite.Cases)
		all.Tests += suite.Tests
		all.Failures += suite.Failures
		total += r.Seconds
		all.Suites = append(all.Suites, suite)
	}
	all.Time = seconds(total)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func seconds(s float64) string { return fmt.Sprintf("%.3f", s) }
