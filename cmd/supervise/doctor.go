//go:build !slim

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"supervise/internal/text/escape"
	"supervise/signals/intake"
	"supervise/supervisor/doctor"
	"supervise/supervisor/rundir"
)

func newDoctor() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say what this machine allows, and what that means",
		Long: `Examine this machine and say what it means for supervise: how signals are received,
whether orphans can be reaped, how the descendants of a service are known, where cores
go, which limits matter. Nothing is changed.

Exit status: 0, or 1 when a warning was given.`,
		Example: "  supervise doctor\n  supervise doctor --format json",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			findings := doctor.Examine(doctor.Subject{
				Mode: intake.Built(), Inherited: intake.ReadInherited(), RuntimeDir: rundir.Default(),
			})
			if err := printFindings(cmd.OutOrStdout(), findings, format); err != nil {
				return err
			}
			if doctor.Worst(findings) == doctor.Bad {
				return exitStatus(exitFailed)
			}
			return nil
		},
	}
	addFormat(cmd, &format)
	return cmd
}

func printFindings(w io.Writer, findings []doctor.Finding, format string) error {
	if format == "json" {
		encoder := json.NewEncoder(escape.JSON{To: w})
		encoder.SetIndent("", "  ")
		return encoder.Encode(findings)
	}
	color := map[doctor.Status]string{doctor.Good: "", doctor.Note: "", doctor.Bad: ""}
	reset := ""
	if isTerminal(os.Stdout) {
		color = map[doctor.Status]string{doctor.Good: "\x1b[32m", doctor.Note: "\x1b[36m", doctor.Bad: "\x1b[33m"}
		reset = "\x1b[0m"
	}
	for _, f := range findings {
		_, err := fmt.Fprintf(w, "%s%-8s%s %s: %s\n         %s\n", color[f.Status], f.Status, reset, f.Name, f.Value, f.Meaning)
		if err != nil {
			return err
		}
	}
	return nil
}
