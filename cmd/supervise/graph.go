//go:build !slim

package main

import (
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"supervise/config"
	"supervise/config/graph"
	"supervise/supervisor/control/request"
)

func newGraph() *cobra.Command {
	var r remote
	formats := []string{"text", "dot", "svg", "json"}
	cmd := &cobra.Command{
		Use:   "graph [FILE.toml]",
		Short: "Show which services need which, and in which order they start",
		Long: `Show which services need which: requires, milestone, wants, after and before in the
configuration, in the order in which they can start. Those of a wave start side by side,
when what they need of earlier waves is ready, and stop the other way round.

With a file, that is drawn. Without one, it is that of the supervisor that runs, as it
stands now, with the state of each service.

With --format dot the graph is written for Graphviz, with svg as a drawing for a browser.
An arrow leads to what starts first: bold for requires, dashed for wants, dotted for after.

Exit status: 0, 1 when it failed or the file is not valid, 2 for a wrong command line, 3 when
no supervisor runs.`,
		Example: `  supervise graph services.toml
  supervise graph
  supervise graph --format svg services.toml > services.svg`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := r.graph(args)
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(map[string]func() []byte{"text": g.Text, "dot": g.Dot, "svg": g.SVG, "json": g.JSON}[r.format]())
			return err
		},
	}
	r.flags(cmd)
	cmd.Flags().Var(newChoice(&r.format, formats[0], formats...), "format", "how to print: text, dot, svg or json")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// graph is that of a file, or else of the supervisor that runs.
func (r *remote) graph(args []string) (*graph.Graph, error) {
	if len(args) > 0 {
		return graphOf(args[0], nil)
	}
	reply, err := r.call(request.Status{})
	if err != nil {
		return nil, err
	}
	path, states := "", make(map[string]string, len(reply.Services))
	for i := range reply.Services {
		states[reply.Services[i].Name] = reply.Services[i].DisplayState()
	}
	if s := reply.Supervisor; s != nil {
		if path = s.File; !filepath.IsAbs(path) { // from where it was started
			path = filepath.Join("/proc", strconv.Itoa(s.PID), "cwd", path)
		}
	}
	return graphOf(path, states)
}

func graphOf(path string, states map[string]string) (*graph.Graph, error) {
	file, err := config.Load(path, nil)
	if err != nil {
		return nil, err
	}
	return graph.New(file, states), nil
}
