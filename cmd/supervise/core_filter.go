//go:build !slim

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"supervise/coredump"
	"supervise/coredump/settings"
	"supervise/internal/text/escape"
	"supervise/supervisor/control/request"
)

func newCoreFilter() *cobra.Command {
	var r remote
	cmd := &cobra.Command{
		Use:   "filter PID|NAME [KIND...]",
		Short: "Show or set which memory of a running process goes into its core",
		Long: `Show or set which memory of a running process goes into its core: of a process by its PID, or
of the main process of a service of the running supervisor by its NAME. What is set holds
until the process executes another program, and for the children that it has from then
on; those that it has keep their own.

KIND is one of ` + strings.Join(coredump.FilterNames(), ", ") + `, or a
mask such as 0x33; several are taken together. 0x0 leaves all memory out: notes with the
registers are written all the same.

Exit status: 0, 1 when it failed, 2 for a wrong command line, 3 when no supervisor runs or the
service does not, 4 when the service is unknown.`,
		Example: `  supervise core filter web
  supervise core filter web default private-file-backed
  supervise core filter 812 0x33`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return nil
			}
			return exactly("PID or NAME")(cmd, args)
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return completeServices(&r, one)(cmd, args, begun)
			}
			return coredump.FilterNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			filter, err := coredump.ParseFilter(args[1:])
			if err != nil {
				return usageError{err}
			}
			pid, err := r.process(args[0])
			if err != nil {
				return err
			}
			if len(args) > 1 {
				if err := settings.WriteFilter(pid, filter); err != nil {
					return err
				}
			}
			if filter, err = settings.ReadFilter(pid); err != nil {
				return err
			}
			return printFilter(cmd.OutOrStdout(), pid, filter, r.json())
		},
	}
	r.printing(cmd)
	return cmd
}

// process is a process by its pid, or the main process of a service by its name.
func (r *remote) process(arg string) (pid int, err error) {
	if strings.Trim(arg, "0123456789") == "" && arg != "" {
		pid, err := strconv.Atoi(arg)
		if err != nil || pid == 0 {
			return 0, usageError{fmt.Errorf("%s is no pid", arg)}
		}
		return pid, nil
	}
	reply, err := r.call(request.Status{Services: []string{arg}})
	if err != nil {
		return 0, err
	}
	for i := range reply.Services {
		if s := &reply.Services[i]; s.Name == arg && s.PID != 0 {
			return s.PID, nil
		}
	}
	printError(fmt.Errorf("service %q does not run: it has no process; start it with 'supervise start %s'", arg, arg))
	return 0, exitStatus(exitNotRunning)
}

func printFilter(w io.Writer, pid int, filter coredump.Filter, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(escape.JSON{To: w})
		encoder.SetIndent("", "  ")
		return encoder.Encode(struct {
			PID    int      `json:"pid"`
			Filter string   `json:"filter"`
			Kinds  []string `json:"kinds"`
		}{pid, filter.String(), filter.Names()})
	}
	_, err := fmt.Fprintln(w, filter.String(), strings.Join(filter.Names(), " "))
	return err
}
