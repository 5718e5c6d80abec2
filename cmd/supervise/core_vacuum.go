//go:build !slim

package main

import (
	"errors"
	"fmt"
	"math"

	"github.com/spf13/cobra"

	"supervise/coredump/store"
	"supervise/internal/size"
)

func newCoreVacuum() *cobra.Command {
	var s coreStore
	var p store.Policy
	var format, maxUse, maxAge string
	cmd := &cobra.Command{
		Use:   "vacuum",
		Short: "Remove cores that are old, or too much",
		Long: `Remove crashes from the store that are older than --max-age, all but the newest --keep of
each service, and what is beyond --max-use: then full cores go first, the oldest before the
others, and small ones and reports only when that is not enough. What killed processes have
left is finished. What is being written stays.

A supervisor does that by itself, by the limits in its file.

Exit status: 0, also when nothing was removed; 1 when it failed, 2 for a wrong command line.`,
		Example: `  supervise core vacuum --max-age 7d
  supervise core vacuum --max-use 500MB --dry-run
  supervise core vacuum --service web --keep 3`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := corePolicy(&p, maxUse, maxAge); err != nil {
				return usageError{err}
			}
			opened, err := store.Open(s.directory)
			if err != nil {
				return err
			}
			defer opened.Close()
			if !p.DryRun {
				if err := opened.Recover(); err != nil {
					return err
				}
			}
			removed, err := opened.Vacuum(p)
			if e := printRemoved(cmd.OutOrStdout(), removed, format == "json", p.DryRun); e != nil {
				return e
			}
			return err
		},
	}
	s.flags(cmd)
	cmd.Flags().StringVar(&maxUse, "max-use", "", "the `SIZE` that all may take, or all of --service: 2GB, 500MiB")
	cmd.Flags().StringVar(&maxAge, "max-age", "", "the `AGE` beyond which they go: 12h, 30d")
	cmd.Flags().IntVar(&p.Keep, "keep", 0, "keep the newest `N` of each service")
	cmd.Flags().StringVar(&p.Service, "service", "", "only those of the service `NAME`")
	cmd.Flags().BoolVar(&p.DryRun, "dry-run", false, "only say what would be removed")
	addFormat(cmd, &format)
	return cmd
}

// corePolicy reads the words of the flags.
func corePolicy(p *store.Policy, maxUse, maxAge string) error {
	if maxUse == "" && maxAge == "" && p.Keep == 0 {
		return errors.New("what is to be removed? name --max-use, --max-age or --keep")
	}
	if p.Keep < 0 {
		return errors.New("--keep is below 0")
	}
	if maxUse != "" {
		bytes, err := size.Parse(maxUse)
		if err != nil {
			return fmt.Errorf("--max-use: %w", err)
		}
		if bytes == 0 || bytes > math.MaxInt64 {
			return errors.New("--max-use must be from 1 byte to 2^63-1")
		}
		p.MaxUse = int64(bytes)
	}
	if maxAge != "" {
		age, err := parseAge(maxAge)
		if err != nil {
			return fmt.Errorf("--max-age: %w", err)
		}
		p.MaxAge = max(age, 1) // 0: all that there are
	}
	return nil
}
