//go:build !slim

package main

import (
	"encoding/json"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"supervise/internal/release"
	"supervise/signals/intake"
)

// build is the output of version.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	Intake   string `json:"intake"` // how run and init receive signals
}

func newVersion() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version and how this build receives signals",
		Example: "  supervise version --format json",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			b := build{
				Version: release.Version, Revision: revision(), Go: runtime.Version(),
				Platform: runtime.GOOS + "/" + runtime.GOARCH, Intake: intake.Built().String(),
			}
			if format == "json" {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(b)
			}
			_, err := io.WriteString(cmd.OutOrStdout(), release.Line(b.Revision, b.Intake))
			return err
		},
	}
	addFormat(cmd, &format)
	return cmd
}

// revision is the one that the build was given, as the plain version prints it, else what the Go
// toolchain has noted.
func revision() string {
	if release.Revision != "" {
		return release.Revision
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value[:min(12, len(s.Value))]
		}
	}
	return ""
}
