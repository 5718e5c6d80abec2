//go:build !slim

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"supervise/signals"
	"supervise/supervisor/pid1/cmdline"
)

// completeInit completes the flags of init and their values, and then the command. The flags
// are those that its help lists.
func completeInit(_ *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	flags := cmdline.Flags()
	for i := 0; i < len(args); i++ {
		if args[i] == "--" || !strings.HasPrefix(args[i], "-") {
			return completeCommand(len(args)-i, args[i] == "--", begun)
		}
		f := flagOf(flags, args[i])
		if f == nil || f.Value == "" || f.Optional || strings.Contains(args[i], "=") {
			continue
		}
		if i++; i == len(args) {
			return valuesOf(f), cobra.ShellCompDirectiveNoFileComp
		}
	}
	if !strings.HasPrefix(begun, "-") {
		return completeCommand(0, false, begun)
	}
	if name, _, value := strings.Cut(begun, "="); value {
		if f := flagOf(flags, name); f != nil {
			return valuesOf(f), cobra.ShellCompDirectiveNoFileComp
		}
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var words []cobra.Completion
	for _, f := range flags {
		help := strings.ReplaceAll(f.Help, "\n", " ")
		if f.Short != "" {
			words = append(words, cobra.CompletionWithDesc("-"+f.Short, help))
		}
		words = append(words, cobra.CompletionWithDesc("--"+f.Long, help))
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

// flagOf returns the flag that an argument is, nil if there is none.
func flagOf(flags []cmdline.Flag, arg string) *cmdline.Flag {
	name, _, _ := strings.Cut(arg, "=")
	i := slices.IndexFunc(flags, func(f cmdline.Flag) bool { return name == "--"+f.Long || f.Short != "" && name == "-"+f.Short })
	if i < 0 {
		return nil
	}
	return &flags[i]
}

// valuesOf lists the words that a flag takes, or begins with; none for a duration, a number.
func valuesOf(f *cmdline.Flag) (words []cobra.Completion) {
	switch {
	case f.Value == "LEVEL":
		return []cobra.Completion{"debug", "info", "warn", "error"}
	case strings.HasPrefix(f.Value, "SIG"):
		for signal := signals.Signal(1); signal.Valid(); signal++ {
			words = append(words, strings.TrimPrefix(signal.String(), "SIG"))
		}
		return words
	case strings.Contains(f.Value, "|"):
		return strings.Split(f.Value, "|")
	}
	return nil
}

// completeCommand completes the command, of which given words are there, the first of which
// may be the "--" before it: a program in PATH, and then, as for any unknown program, files.
func completeCommand(given int, separator bool, begun string) (words []cobra.Completion, _ cobra.ShellCompDirective) {
	if separator {
		given--
	}
	if given > 0 || begun == "" || strings.Contains(begun, "/") {
		return nil, cobra.ShellCompDirectiveDefault
	}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), begun) || slices.Contains(words, e.Name()) {
				continue
			}
			if info, err := os.Stat(filepath.Join(dir, e.Name())); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
				words = append(words, e.Name())
			}
		}
	}
	return words, cobra.ShellCompDirectiveDefault
}
