package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"supervise/config"
	"supervise/config/accounts"
)

func newCheck() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "check FILE.toml",
		Short: "Check a configuration file, and start nothing",
		Long: `Check a configuration file and print everything that is wrong with it, each error with
its line, a caret under the place, and what was probably meant. Nothing is started.

Exit status: 0 when the file is right, 2 when it is not, 1 when it cannot be read.`,
		Example: "  supervise check services.toml\n  supervise check --format json services.toml",
		Args:    exactly("FILE.toml"),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := config.Load(args[0], accounts.Host{})
			if format == "json" {
				return checkJSON(cmd, args[0], err)
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %d services, no errors\n", args[0], len(file.Services))
			return err
		},
	}
	addFormat(cmd, &format)
	return cmd
}

// checkJSON prints the problems as an object, an empty list when there are none.
func checkJSON(cmd *cobra.Command, path string, err error) error {
	invalid := &config.Error{File: path, Problems: []config.Problem{}}
	if err != nil && !errors.As(err, &invalid) {
		return err
	}
	encoder := json.NewEncoder(cmd.OutOrStdout())
	encoder.SetIndent("", "  ")
	if e := encoder.Encode(invalid); e != nil {
		return e
	}
	if err != nil {
		return exitStatus(exitUsage)
	}
	return nil
}
