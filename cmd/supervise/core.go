//go:build !slim

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"supervise/coredump/store"
)

// coreCommands make the subcommands of core, in the order of the help.
var coreCommands = []func() *cobra.Command{
	newCoreInfo,
	newCoreBT,
	newCoreModules,
	newCoreDebug,
	newCoreList,
	newCoreWatch,
	newCoreExport,
	newCoreRemove,
	newCoreVacuum,
	newCoreTake,
	newCoreCheck,
	newCorePattern,
	newCoreFilter,
	newCoreExplain,
	newCoreServe,
	newCoreHandler,
	newCoreCheck, newCorePattern, newCoreFilter,
}

// newCore returns the command core with all of its commands.
func newCore() *cobra.Command { return newCoreFor(nil) }

// quickCoreCommands are those for which building all others would take a good part of the
// time: newCoreFor builds them alone.
var quickCoreCommands = map[string]func() *cobra.Command{"bt": newCoreBT, "info": newCoreInfo, "modules": newCoreModules, "explain": newCoreExplain, "handler": newCoreHandler}

// newCoreFor returns the command core for the arguments that follow it. It may lack the
// commands that they do not need, like [newRoot].
func newCoreFor(args []string) *cobra.Command {
	cmd := newCoreAlone()
	if len(args) > 0 && quickCoreCommands[args[0]] != nil {
		cmd.AddCommand(quickCoreCommands[args[0]]())
		return cmd
	}
	for _, make := range coreCommands {
		cmd.AddCommand(make())
	}
	return cmd
}

func newCoreAlone() *cobra.Command {
	return &cobra.Command{
		Use:   "core COMMAND",
		Short: "Find, read and collect the cores of processes that crashed",
		Long: `Find, read and collect the cores of processes that crashed.

A core is named by its id in the store, or as much of it as no other has, or by the path of
a file: any ELF core will do. What holds a slash, or is not in the store, is a path.`,
		Example: `  supervise core info ./core.812   why did it crash, and where?
  supervise core bt 7f3a           the stack of every thread
  supervise core debug 7f3a        and now with gdb
  supervise core take web          the core of a service that goes on living`,
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

// unknownCoreError says that there is no such core, neither an id nor a file.
type unknownCoreError struct{ error }

// isPath reports whether an argument ID|FILE is the path of a file: it has a slash in it, or
// is no id of the store but the name of an existing file.
func (s *coreStore) isPath(arg string) bool {
	if strings.Contains(arg, "/") {
		return true
	}
	if _, err := os.Stat(arg); err != nil {
		return false
	}
	opened, _, err := s.find(arg)
	if err != nil {
		return true
	}
	opened.Close()
	return false
}

// find returns the core of the store whose id begins with prefix. Without an error, the store
// is to be closed once the item was used.
func (s *coreStore) find(prefix string) (*store.Store, store.Item, error) {
	opened, err := store.Open(s.directory)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, store.Item{}, unknownCoreError{fmt.Errorf("no core %q: there is no store %s, and no such file", prefix, s.directory)}
	}
	if err != nil {
		return nil, store.Item{}, err
	}
	item, err := opened.Find(prefix)
	if err != nil {
		opened.Close()
		return nil, store.Item{}, err
	}
	return opened, item, nil
}

// completeCores completes the id of one core of the store, or the path of a file.
func completeCores(s *coreStore) completer {
	return func(_ *cobra.Command, args []string, begun string) (words []cobra.Completion, _ cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		if opened, err := store.Open(s.directory); err == nil && !strings.Contains(begun, "/") {
			ids, _ := opened.IDs()
			opened.Close()
			words = append(words, ids...)
		}
		return words, cobra.ShellCompDirectiveDefault
	}
}
