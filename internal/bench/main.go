package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"supervise/internal/bench/report"
	"supervise/internal/bench/role"
)

// inside is the first argument of the process that measures; the directory with the
// programs and the user's arguments follow.
const inside = "inside"

func main() {
	var status int
	switch {
	case len(os.Args) > 1 && os.Args[1] == role.Name:
		status = role.Main(os.Args[2:])
	case len(os.Args) > 2 && os.Args[1] == inside:
		status = fail(measure(os.Args[2], os.Args[3:]))
	default:
		status = fail(outside(os.Args[1:]))
	}
	os.Exit(status)
}

// fail prints an error, if it is one, and returns the exit status.
func fail(err error) int {
	var usage usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, &usage):
		return 2 // the flag package has printed it
	}
	fmt.Fprintln(os.Stderr, "bench:", err)
	return 1
}

type usageError struct{ error }

// experiment is what fills one or more tables.
type experiment struct {
	name string
	run  func(*bench) []report.Table
}

// experiments in the order in which they are run.
var experiments = []experiment{
	{"startup", (*bench).startup},
	{"latency", (*bench).latency},
	{"variants", (*bench).variants},
	{"realtime", (*bench).realtime},
	{"reaping", (*bench).reaping},
	{"idle", (*bench).idle},
	{"restart", (*bench).restart},
	{"fleet", (*bench).fleet},
	{"control", (*bench).control},
	{"cores", (*bench).cores},
	{"logs", (*bench).logs},
	{"slow-logs", (*bench).slowLogs},
}

// options are the command line.
type options struct {
	json      bool
	quick     bool
	rounds    int
	only      []string
	supervise string

	before, beforeInit string // programs of an earlier build, "" for none
	oursOnly           bool   // no other contestants
}

func parse(args []string, usage io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.BoolVar(&o.json, "json", false, "write the results as JSON")
	flags.BoolVar(&o.quick, "quick", false, "fewer samples: under a minute, and not to be relied on")
	flags.IntVar(&o.rounds, "rounds", 0, "`number` of rounds, 1 to 1000 (default 7; 2 with -quick)")
	only := flags.String("only", "", "comma-separated `tables` to measure: "+strings.Join(names(), ", "))
	flags.StringVar(&o.supervise, "supervise", "", "measure this `program` instead of building it")
	flags.StringVar(&o.before, "before", "", "compare with this `program`, the supervise of an earlier build")
	flags.StringVar(&o.beforeInit, "before-init", "", "compare with this `program`, the supervise-init of an earlier build")
	flags.BoolVar(&o.oursOnly, "ours", false, "leave out the programs of others, and what is compared with them")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, usageError{err}
	}
	if *only != "" {
		o.only = strings.Split(*only, ",")
	}
	if err := o.check(flags); err != nil {
		fmt.Fprintln(usage, "bench:", err)
		return o, usageError{err}
	}
	return o, nil
}

func (o *options) check(flags *flag.FlagSet) error {
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	for _, name := range o.only {
		if !slices.Contains(names(), name) {
			return fmt.Errorf("no table is called %q; there are %s", name, strings.Join(names(), ", "))
		}
	}
	for _, program := range []string{o.before, o.beforeInit} {
		if program == "" {
			continue
		}
		if _, err := os.Stat(program); err != nil {
			return err
		}
	}
	if o.beforeInit != "" && o.before == "" {
		return errors.New("-before-init without -before")
	}
	given := false
	flags.Visit(func(f *flag.Flag) { given = given || f.Name == "rounds" })
	switch {
	case given && (o.rounds < 1 || o.rounds > 1000):
		return fmt.Errorf("-rounds %d is not within 1 to 1000", o.rounds)
	case !given && o.quick:
		o.rounds = 2
	case !given:
		o.rounds = 7
	}
	return nil
}

func names() (names []string) {
	for _, e := range experiments {
		names = append(names, e.name)
	}
	return names
}
