//go:build !slim

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

// coreCommands make the subcommands of core, in the order of the help.
var coreCommands = []func() *cobra.Command{
	newCoreInfo,
	newCoreBT,
	newCoreModules,
	newCoreExplain,
}

func newCore() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "core COMMAND",
		Short: "Find, read and collect the cores of processes that crashed",
		Long: `Find, read and collect the cores of processes that crashed.

A core is named by its id in the store, or as much of it as no other has, or by the path of
a file: any ELF core will do. What holds a slash, or is not in the store, is a path.`,
		Example: `  supervise core info ./core.812   why did it crash, and where?
  supervise core bt 7f3a           the stack of every thread
  supervise core debug 7f3a        and now with gdb`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return usageError{fmt.Errorf("unknown command %q; try '%s --help'", "core "+args[0], cmd.CommandPath())}
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			_ = cmd.Help()
			return exitStatus(exitUsage)
		},
	}
	cmd.CompletionOptions.DisableDefaultCmd = true
	for _, make := range coreCommands {
		cmd.AddCommand(make())
	}
	return cmd
}

// coreDirectory is where the store of cores is unless --directory says otherwise.
const coreDirectory = "/var/lib/supervise/cores"

// coreStore is the store that a command about cores works on.
type coreStore struct {
	directory string
}

// flags adds --directory.
func (s *coreStore) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.directory, "directory", coreDirectory, "the store of cores")
	_ = cmd.MarkFlagDirname("directory")
}

// unknownCoreError says that a store has no such core, or more than one.
type unknownCoreError struct{ error }

// isPath reports whether an argument ID|FILE is the path of a file: it has a slash in it, or
// is no id of the store but the name of an existing file.
func (s *coreStore) isPath(arg string) bool {
	if strings.Contains(arg, "/") {
		return true
	}
	if _, err := s.entry(arg); err == nil {
		return false
	}
	_, err := os.Stat(arg)
	return err == nil
}

// entry returns the id that begins with prefix.
func (s *coreStore) entry(prefix string) (id string, err error) {
	entries, err := os.ReadDir(s.directory)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	var found []string
	for _, e := range entries {
		if name := e.Name(); e.IsDir() && prefix != "" && strings.HasPrefix(name, prefix) {
			if name == prefix {
				return name, nil
			}
			found = append(found, name)
		}
	}
	switch len(found) {
	case 0:
		return "", unknownCoreError{fmt.Errorf("no core %q in %s, and no such file; see 'supervise core list'", prefix, s.directory)}
	case 1:
		return found[0], nil
	}
	return "", unknownCoreError{fmt.Errorf("core %q may be %s; write more of it", prefix, strings.Join(found, " or "))}
}

// completeCores completes the id of one core of the store, or the path of a file.
func completeCores(s *coreStore) completer {
	return func(_ *cobra.Command, args []string, begun string) (words []cobra.Completion, _ cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		names, err := filepath.Glob(filepath.Join(s.directory, "[0-9a-f]*"))
		if err != nil || strings.Contains(begun, "/") {
			return nil, cobra.ShellCompDirectiveDefault
		}
		for _, n := range names {
			words = append(words, filepath.Base(n))
		}
		return words, cobra.ShellCompDirectiveDefault
	}
}
