//go:build !slim

package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"supervise/config"
	"supervise/config/accounts"
	"supervise/internal/text/escape"
)

func newCheck() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "check FILE.toml",
		Short: "Check a configuration file, and start nothing",
		Long: `Check a configuration file and print all its errors, each with its line, a caret under
the place, and what was probably meant. Nothing is started. Warnings tell of what is valid
and does not do what it seems to, and of programs that are known not to stop as they are
told: see docs/programs.md.

Exit status: 0 when the file is valid, 2 when it is not, 1 when it cannot be read.`,
		Example: "  supervise check services.toml\n  supervise check --format json services.toml",
		Args:    exactly("FILE.toml"),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := config.Load(args[0], accounts.Host{})
			if format == "json" {
				return checkJSON(cmd, args[0], file, err)
			}
			if err != nil {
				return err
			}
			for _, w := range file.Warnings {
				fmt.Fprintln(cmd.ErrOrStderr(), "warning:", w.Text(args[0]))
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: no errors, services: %d\n", args[0], len(file.Services))
			return err
		},
	}
	addFormat(cmd, &format)
	return cmd
}

// checked is the JSON output of check. Its lists are empty rather than missing.
type checked struct {
	File     string           `json:"file"`
	Services int              `json:"services"`
	Problems []config.Problem `json:"problems"`
	Warnings []config.Problem `json:"warnings"`
}

func checkJSON(cmd *cobra.Command, path string, file *config.File, err error) error {
	result := checked{File: path, Problems: []config.Problem{}, Warnings: []config.Problem{}}
	var invalid *config.Error
	switch {
	case errors.As(err, &invalid):
		result.Problems = invalid.Problems
	case err != nil:
		return err
	default:
		result.Services = len(file.Services)
		result.Warnings = append(result.Warnings, file.Warnings...)
	}
	encoder := json.NewEncoder(escape.JSON{To: cmd.OutOrStdout()})
	encoder.SetIndent("", "  ")
	if e := encoder.Encode(result); e != nil {
		return e
	}
	if err != nil {
		return exitStatus(exitUsage)
	}
	return nil
}
