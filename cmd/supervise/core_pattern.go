//go:build !slim

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"supervise/coredump"
	"supervise/coredump/settings"
	"supervise/internal/safefile"
	"supervise/internal/text/escape"
)

func newCorePattern() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "pattern [show|set|restore]",
		Short: "Show, set or put back where the kernel puts cores",
		Long: `Show, set or put back where the kernel puts cores: kernel.core_pattern, and what belongs to
it. They hold for the whole machine, containers included, and only root of the host can
change them.`,
		Example: `  supervise core pattern
  supervise core pattern set '/var/cores/%e.%p'
  supervise core pattern restore`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown command %q; try '%s --help'", "core pattern "+args[0], cmd.CommandPath())}
			}
			return nil
		},
	}
	show := newCorePatternShow()
	cmd.RunE = show.RunE
	cmd.Flags().AddFlagSet(show.Flags())
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.AddCommand(show, newCorePatternSet(), newCorePatternRestore())
	return cmd
}

// coreFile is where the settings of cores are saved.
func (r *remote) coreFile() string { return filepath.Join(r.directory(), settings.FileName) }

// patternShown is the JSON output of pattern show.
type patternShown struct {
	Pattern      string          `json:"core_pattern"`
	Kind         string          `json:"kind"`
	Words        []string        `json:"words"` // as they stand in the pattern: of a pipe the program and its arguments
	Problem      string          `json:"problem,omitempty"`
	UsesPID      bool            `json:"core_uses_pid"`
	PipeLimit    int             `json:"core_pipe_limit"`
	SuidDumpable int             `json:"suid_dumpable"`
	Before       settings.Change `json:"before"` // what restore would put back
}

func newCorePatternShow() *cobra.Command {
	var r remote
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show where the kernel puts cores",
		Long: `Show where the kernel puts cores: kernel.core_pattern, of what kind it is (a file, the program
of a pipe, a socket, a socket with requests), what belongs to it, and what 'supervise core
pattern restore' would put back.`,
		Args:              exactly(),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			shown, err := r.pattern()
			if err != nil {
				return err
			}
			return printPattern(cmd.OutOrStdout(), shown, r.json())
		},
	}
	r.printing(cmd)
	return cmd
}

func (r *remote) pattern() (*patternShown, error) {
	kernel, err := settings.Read()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("this kernel has no core_pattern: it was built without cores, or /proc is not mounted")
	}
	if err != nil {
		return nil, err
	}
	shown := &patternShown{
		Pattern: kernel.Pattern, Words: []string{}, UsesPID: kernel.UsesPID, PipeLimit: kernel.PipeLimit,
		SuidDumpable: kernel.SuidDumpable,
	}
	pattern, err := kernel.Parsed()
	if err != nil {
		shown.Problem = err.Error()
	} else {
		shown.Problem = pattern.Problem(kernel.UsesPID)
	}
	shown.Kind = pattern.Kind.String()
	for _, word := range pattern.Words {
		text := ""
		for _, part := range word {
			text += part.String()
		}
		shown.Words = append(shown.Words, text)
	}
	shown.Before, err = settings.Saved(r.coreFile())
	if errors.Is(err, fs.ErrPermission) {
		err = nil // root's: nothing that others could put back
	}
	return shown, err
}

func printPattern(w io.Writer, shown *patternShown, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(escape.JSON{To: w})
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(shown)
	}
	uses := 0
	if shown.UsesPID {
		uses = 1
	}
	fmt.Fprintf(w, "kernel.core_pattern    %s\n", shown.Pattern)
	fmt.Fprintf(w, "  kind                 %s\n", shown.Kind)
	if shown.Problem != "" {
		fmt.Fprintf(w, "  problem              %s\n", shown.Problem)
	}
	fmt.Fprintf(w, "kernel.core_uses_pid   %d\nkernel.core_pipe_limit %d\nfs.suid_dumpable       %d\n", uses, shown.PipeLimit, shown.SuidDumpable)
	for _, s := range settings.All() {
		if before, ok := shown.Before[s]; ok {
			fmt.Fprintf(w, "saved: %s was %q; 'supervise core pattern restore' puts it back\n", s, before)
		}
	}
	return nil
}

func newCorePatternSet() *cobra.Command {
	var r remote
	var force, usesPID bool
	var pipeLimit uint32
	var suid int
	cmd := &cobra.Command{
		Use:   "set PATTERN",
		Short: "Set where the kernel puts cores",
		Long: `Set kernel.core_pattern, for the whole machine, and save what it was in the runtime directory,
so that 'supervise core pattern restore' can put it back. A pattern that somebody else has
set is not replaced without --force.

PATTERN is a path ('/var/cores/%e.%p'), a program and its arguments ('|/usr/bin/collect %P'), or
a socket ('@/run/core.socket', '@@/run/core.socket'), in at most 127 bytes: core(5). What is wrong
with it is said, and what would keep it from working is warned of.`,
		Example: `  supervise core pattern set '/var/cores/%e.%p'
  supervise core pattern set --force --suid-dumpable 2 '|/usr/bin/collect %P'`,
		Args:              exactly("PATTERN"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			change := settings.Change{settings.Pattern: args[0]}
			flags := cmd.Flags()
			if flags.Changed("uses-pid") {
				change[settings.UsesPID] = map[bool]string{true: "1", false: "0"}[usesPID]
			}
			if flags.Changed("pipe-limit") {
				change[settings.PipeLimit] = strconv.FormatUint(uint64(pipeLimit), 10)
			}
			if flags.Changed("suid-dumpable") {
				change[settings.SuidDumpable] = strconv.Itoa(suid)
			}
			return r.setPattern(cmd.ErrOrStderr(), change, force)
		},
	}
	r.flags(cmd)
	cmd.Flags().BoolVar(&force, "force", false, "replace a pattern that somebody else has set")
	cmd.Flags().BoolVar(&usesPID, "uses-pid", false, "set kernel.core_uses_pid, too: append .PID to a path without %p")
	cmd.Flags().Uint32Var(&pipeLimit, "pipe-limit", 0, "set kernel.core_pipe_limit, too: how many programs handle cores at once, 0 for any number")
	cmd.Flags().IntVar(&suid, "suid-dumpable", 0, "set fs.suid_dumpable, too: 0 for no cores of processes that have changed their ids, 2 for cores that are root's")
	return cmd
}

func (r *remote) setPattern(warnings io.Writer, change settings.Change, force bool) error {
	pattern, err := coredump.ParsePattern(change[settings.Pattern])
	if err != nil {
		return usageError{err}
	}
	dir, err := safefile.MakeDir(r.directory(), 0o755, safefile.Ours)
	if err != nil {
		return fmt.Errorf("cannot save what core_pattern is now: %w", err)
	}
	dir.Close()
	if err := settings.Set(r.coreFile(), change, force); err != nil {
		return err
	}
	for _, s := range pattern.Specifiers() {
		if !s.Known() {
			fmt.Fprintf(warnings, "warning: the kernel knows no %s, and leaves it out; write %%%% for a percent sign\n", s)
		}
	}
	subject, err := settings.Look(0)
	if err != nil {
		return err
	}
	for _, reason := range settings.Check(subject).Reasons {
		if reason.Effect == settings.None {
			fmt.Fprintf(warnings, "warning: %s; %s\n", reason.Sentence, reason.Remedy)
		}
	}
	return nil
}

func newCorePatternRestore() *cobra.Command {
	var r remote
	cmd := &cobra.Command{
		Use:   "restore",
		Short: "Put back what 'supervise core pattern set' has replaced",
		Long: `Put back what 'supervise core pattern set', or a supervisor that was killed, has replaced. What
somebody else has set since is left as it is, and told.`,
		Args:              exactly(),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			left, err := settings.Restore(r.coreFile())
			for _, s := range settings.All() {
				if value, ok := left[s]; ok {
					fmt.Fprintf(cmd.ErrOrStderr(), "supervise: %s is %q, which somebody else has set since: it is left as it is\n", s, value)
				}
			}
			return err
		},
	}
	r.flags(cmd)
	return cmd
}
