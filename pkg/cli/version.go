package cli

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the build: -ldflags "-X gas/pkg/cli.version=…".
var version = "dev"

// versionOf is what gas version prints.
type versionOf struct {
	Version string `json:"version"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
	Commit  string `json:"commit,omitempty"`
}

func (a *app) versionCommand() *cobra.Command {
	var format outputFormat
	command := &cobra.Command{
		Use:   "version",
		Short: "print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := versionOf{Version: version, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, setting := range info.Settings {
					if setting.Key == "vcs.revision" {
						v.Commit = setting.Value
					}
				}
			}
			return a.print(format, v, sheet{rows: [][]string{{"gas " + v.Version, v.Go, v.OS + "/" + v.Arch}}})
		},
	}
	format.flag(command)
	return command
}
