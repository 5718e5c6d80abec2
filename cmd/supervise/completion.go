//go:build !slim

package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"supervise/signals"
	"supervise/supervisor/control/request"
)

func newCompletion() *cobra.Command {
	shells := []string{"bash", "zsh", "fish"}
	return &cobra.Command{
		Use:   "completion bash|zsh|fish",
		Short: "Print the completion script of a shell",
		Long: `Print the script with which a shell completes the commands and flags of supervise, and
the names of running services. That for bash needs nothing but bash 4.1 or later: the
package bash-completion may be installed or not; without it, have ~/.bashrc read the
script.`,
		Example: `  supervise completion bash >/etc/bash_completion.d/supervise
  echo '. <(supervise completion bash)' >>~/.bashrc
  supervise completion zsh >"${fpath[1]}/_supervise"
  supervise completion fish >~/.config/fish/completions/supervise.fish`,
		Args:              exactly("bash, zsh or fish"),
		ValidArgsFunction: cobra.FixedCompletions(shells, cobra.ShellCompDirectiveNoFileComp),
		RunE: func(cmd *cobra.Command, args []string) error {
			root, out := cmd.Root(), cmd.OutOrStdout()
			switch args[0] {
			case "bash":
				return bashCompletion(root, out)
			case "zsh":
				return root.GenZshCompletion(out)
			case "fish":
				return root.GenFishCompletion(out, true)
			}
			return usageError{fmt.Errorf("no completion for %q, only for bash, zsh and fish", args[0])}
		},
	}
}

// How many services a command takes.
const (
	one  = 1
	many = 1 << 30
)

type completer = func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective)

// completionTime is how long a shell waits for the names of services.
const completionTime = time.Second

// completeServices completes the names of the running supervisor's services, up to a number
// of them, each once.
func completeServices(r *remote, most int) completer {
	return func(_ *cobra.Command, args []string, _ string) (words []cobra.Completion, _ cobra.ShellCompDirective) {
		if len(args) >= most {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		reply, err := r.callWithin(completionTime, request.Status{})
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		for _, s := range reply.Services {
			if !slices.Contains(args, s.Name) {
				words = append(words, cobra.CompletionWithDesc(s.Name, s.State))
			}
		}
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeSignal completes NAME SIGNAL, with or without SIG.
func completeSignal(r *remote) completer {
	services := completeServices(r, one)
	return func(cmd *cobra.Command, args []string, begun string) (words []cobra.Completion, _ cobra.ShellCompDirective) {
		if len(args) != 1 {
			return services(cmd, args, begun)
		}
		return signalNames(begun), cobra.ShellCompDirectiveNoFileComp
	}
}

// signalNames are the names of all signals, without SIG if what was begun has none.
func signalNames(begun string) (words []cobra.Completion) {
	short := begun != "" && !strings.HasPrefix("SIG", begun[:min(len(begun), 3)])
	for signal := signals.Signal(1); signal.Valid(); signal++ {
		name := signal.String()
		if short {
			name = strings.TrimPrefix(name, "SIG")
		}
		words = append(words, name)
	}
	return words
}

// completeSignalFlag completes a flag that takes a signal.
func completeSignalFlag(_ *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return signalNames(begun), cobra.ShellCompDirectiveNoFileComp
}

// completeSignalsFlag completes a flag that takes signals, separated by commas.
func completeSignalsFlag(_ *cobra.Command, _ []string, begun string) (words []cobra.Completion, _ cobra.ShellCompDirective) {
	last := strings.LastIndexByte(begun, ',') + 1
	for _, name := range signalNames(begun[last:]) {
		if s, err := signals.Parse(name); err == nil && s.Catchable() {
			words = append(words, begun[:last]+name)
		}
	}
	return append(words, begun[:last]+"all"), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}
