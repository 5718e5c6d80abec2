//go:build !slim

package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"supervise/config"
	"supervise/internal/text/escape"
)

func newCheck() *cobra.Command {
	var format string
	var offline, probe bool
	cmd := &cobra.Command{
		Use:   "check FILE.toml",
		Short: "Check a configuration file, and start nothing",
		Long: `Check a configuration file and print all its errors, each with its line, a caret under
the place, and what was probably meant. Nothing is started, and nothing is changed.

A valid file is also compared with this host, by the code that a start uses. What keeps a
service from starting is an error: a program that is not in the PATH of its own
environment or must not be executed, a script whose interpreter is missing, a directory, an
environment file that is missing or would be refused, a user. What it does without is a
warning: a log directory, the program of a signal. So is what the user who checks may not
look at; root is not needed. What has not answered for 5 seconds, such as a file system
whose server is gone, is told. With --offline the host is not looked at, for a file that
is meant for another one.

Other warnings tell of what is valid and does not do what it seems to, and of programs
that are known not to stop as they are told: see docs/programs.md.

Exit status: 0 when nothing is wrong, 2 when the file is not valid, so that nothing would
be started, 1 when a service could not start on this host, or the file cannot be read.`,
		Example: `  supervise check services.toml
  supervise check --offline services.toml
  supervise check --format json services.toml`,
		Args:              exactly("FILE.toml"),
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			var c *checked
			switch {
			case probe:
				return probeHost(args[0])
			case offline:
				c = checkFile(args[0], nil, nil)
			default:
				c = checkApart(args[0])
			}
			if c.Failure != "" {
				return fmt.Errorf("%s", c.Failure)
			}
			if err := c.print(cmd.OutOrStdout(), cmd.ErrOrStderr(), format == "json"); err != nil {
				return err
			}
			return c.status()
		},
	}
	addFormat(cmd, &format)
	cmd.Flags().BoolVar(&offline, "offline", false, "check the file alone, without a look at this host")
	cmd.Flags().BoolVar(&probe, probeFlag, false, "")
	_ = cmd.Flags().MarkHidden(probeFlag)
	return cmd
}

// completeFile completes the name of a configuration file.
var completeFile = cobra.FixedCompletions([]string{"toml"}, cobra.ShellCompDirectiveFilterFileExt)

// checked is the JSON output of check. Its lists are empty rather than missing.
type checked struct {
	File     string           `json:"file"`
	Services int              `json:"services"`
	Host     bool             `json:"host"` // the host was looked at: not for an invalid file, nor offline
	Problems []config.Problem `json:"problems"`
	Warnings []config.Problem `json:"warnings"`

	Failure string `json:"failure,omitempty"` // why it could not be read: no output then

	invalid bool // nothing of the file would be started
	stuck   bool // something of the host has not answered
}

func (c *checked) print(out, diagnostics io.Writer, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(escape.JSON{To: out})
		encoder.SetIndent("", "  ")
		return encoder.Encode(c)
	}
	for _, w := range c.Warnings {
		fmt.Fprintln(diagnostics, "warning:", w.Text(c.File))
	}
	for _, p := range c.Problems {
		fmt.Fprintln(diagnostics, p.Text(c.File))
	}
	if len(c.Problems) > 0 {
		return nil
	}
	_, err := fmt.Fprintf(out, "%s: no errors, services: %d\n", c.File, c.Services)
	return err
}

func (c *checked) status() error {
	switch {
	case c.invalid:
		return exitStatus(exitUsage)
	case len(c.Problems) > 0:
		return exitStatus(exitFailed)
	}
	return nil
}
