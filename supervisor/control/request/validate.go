package request

import (
	"strconv"
	"strings"
)

// maxName is the longest name of a service, in bytes, as package config has it.
const maxName = 64

func usage(text string) error { return &Failure{Code: Usage, Text: text} }

// checkName refuses what cannot be the name of a service, so that nothing of it gets into
// a path or a log.
func checkName(name string) error {
	if name == "" {
		return usage("the name of a service is missing")
	}
	valid := len(name) <= maxName && letterOrDigit(name[0])
	for i := range len(name) {
		valid = valid && (letterOrDigit(name[i]) || strings.IndexByte("._-@", name[i]) >= 0)
	}
	if !valid {
		return usage(excerpt(name) + " cannot be the name of a service")
	}
	return nil
}

func letterOrDigit(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// excerpt quotes what a stranger wrote, not all of it.
func excerpt(text string) string {
	const most = 80
	if len(text) > most {
		return strconv.QuoteToASCII(text[:most]) + "..."
	}
	return strconv.QuoteToASCII(text)
}

func checkNames(names []string) error {
	for _, name := range names {
		if err := checkName(name); err != nil {
			return err
		}
	}
	return nil
}

func (t Target) validate() error {
	switch {
	case t.All && len(t.Services) > 0:
		return usage("give the names of services, or all, not both")
	case !t.All && len(t.Services) == 0:
		return usage("the name of a service is missing")
	}
	return checkNames(t.Services)
}

func checkCount(n int) error {
	if n < 0 {
		return usage(strconv.Itoa(n) + " is no count")
	}
	return nil
}

func (Ping) names() []string     { return nil }
func (Update) names() []string   { return nil }
func (Shutdown) names() []string { return nil }
func (t Target) names() []string { return t.Services }
func (r Status) names() []string { return r.Services }
func (r Events) names() []string { return r.Services }
func (r Wait) names() []string   { return []string{r.Service} }
func (r Why) names() []string    { return []string{r.Service} }
func (r Signal) names() []string { return []string{r.Service} }

func (r Logs) names() []string {
	if r.Service == "" {
		return r.Services
	}
	return append([]string{r.Service}, r.Services...)
}

func (Ping) validate() error     { return nil }
func (Shutdown) validate() error { return nil }
func (r Status) validate() error { return checkNames(r.Services) }
func (r Why) validate() error    { return checkName(r.Service) }

func (r Events) validate() error {
	if err := checkCount(r.Limit); err != nil {
		return err
	}
	return checkNames(r.Services)
}

func (r Logs) validate() error {
	if err := checkCount(r.Lines); err != nil {
		return err
	}
	return checkNames(r.names())
}

func (r Wait) validate() error {
	switch {
	case r.For != Up && r.For != Ready && r.For != Down:
		return usage("wait for up, ready or down, not for " + excerpt(string(r.For)))
	case r.Timeout < 0:
		return usage("the timeout is below 0")
	}
	return checkName(r.Service)
}

func (r Signal) validate() error {
	if !r.Signal.Valid() {
		return usage("the signal is missing")
	}
	return checkName(r.Service)
}

func (r Update) validate() error {
	if r.File != "" && r.File[0] != '/' {
		return usage("give the absolute path of the file: the supervisor has a working directory of its own")
	}
	if strings.IndexByte(r.File, 0) >= 0 {
		return usage("no path has a zero byte in it")
	}
	return nil
}
