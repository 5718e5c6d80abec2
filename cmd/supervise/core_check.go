//go:build !slim

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"supervise/coredump/settings"
	"supervise/internal/text/escape"
)

func newCoreCheck() *cobra.Command {
	var r remote
	cmd := &cobra.Command{
		Use:   "check [PID|NAME]",
		Short: "Say whether there will be a core, where, and if not, why not",
		Long: `Say whether there will be a core of a process when it crashes, where it will go, and if there
will be none, why not and what to do: of a process by its PID, of the main process of a
service of the running supervisor by its NAME, or without either of a program that would
be started from here, as it inherits the limits of this shell.

All that the kernel would go by is looked at, as the process sees it: core_pattern, the
limits, filter, dumpable and ids of the process, the directory, program or socket that the
core goes to. Nothing is changed. The reasons and remedies are those of docs/cores.md,
"Why is there no core?". What may not be looked at is told; root may look at everything.

Exit status: 0 when there will be a core, also one that is cut short, 1 when there will be
none, or it failed, 2 for a wrong command line, 3 when no supervisor runs or the service
does not, 4 when the service is unknown.`,
		Example: `  supervise core check
  supervise core check web
  supervise core check --format json 812 | jq -r '.reasons[].id'`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return exactly("PID or NAME")(cmd, args)
		},
		ValidArgsFunction: completeServices(&r, one),
		RunE: func(cmd *cobra.Command, args []string) error {
			pid := 0
			if len(args) > 0 {
				var err error
				if pid, err = r.process(args[0]); err != nil {
					return err
				}
			}
			subject, err := settings.Look(pid)
			if err != nil {
				return err
			}
			verdict := settings.Check(subject)
			if err := printVerdict(cmd.OutOrStdout(), &verdict, r.json()); err != nil {
				return err
			}
			if !verdict.Core {
				return exitStatus(exitFailed)
			}
			return nil
		},
	}
	r.printing(cmd)
	return cmd
}

func printVerdict(w io.Writer, v *settings.Verdict, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(escape.JSON{To: w})
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(v)
	}
	who := "a program started from here"
	if v.PID != 0 {
		who = fmt.Sprintf("pid %d (%s)", v.PID, v.Name)
	}
	fmt.Fprintf(w, "%s: %s\n", who, outlook(v))
	for _, reason := range v.Reasons {
		fmt.Fprintf(w, "  %-5s %s (%s)\n", effectWords[reason.Effect], reason.Sentence, reason.ID)
		if reason.Remedy != "" {
			fmt.Fprintf(w, "        %s\n", reason.Remedy)
		}
	}
	if len(v.Unreadable) > 0 {
		who := ""
		if os.Geteuid() != 0 {
			who = "; root may look"
		}
		_, err := fmt.Fprintf(w, "  not seen, and taken to be in order: %s%s\n", strings.Join(v.Unreadable, ", "), who)
		return err
	}
	return nil
}

// effectWords begin the lines of reasons.
var effectWords = map[settings.Effect]string{settings.None: "no:", settings.Cut: "cut:", settings.Poor: "poor:", settings.Note: "note:"}

// outlook says in a few words what becomes of the core.
func outlook(v *settings.Verdict) string {
	if !v.Core {
		return "there will be no core"
	}
	text := "there will be a core"
	for _, reason := range v.Reasons {
		if reason.Effect == settings.Cut {
			text += ", which may be cut short"
			break
		}
	}
	switch {
	case v.Where == "":
		return text
	case v.Kind == "file":
		return text + ": " + v.Where
	case v.Kind == "pipe":
		return text + ", which goes to the program " + v.Where
	}
	return text + ", which goes to who listens on " + v.Where
}
