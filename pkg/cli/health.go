package cli

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gas/config"
	"gas/pkg/fault"
	"gas/pkg/role"
)

// healthTime is how long a process may take to say that it is ready.
const healthTime = 3 * time.Second

func (a *app) healthcheckCommand() *cobra.Command {
	var url string
	command := &cobra.Command{
		Use:   "healthcheck",
		Short: "exit 0 when every process on the data folder is ready, for containers and supervisors",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			loaded, err := a.load(command)
			if err != nil {
				return err
			}
			places := []string{url}
			if url == "" {
				if places, err = addresses(loaded.Config); err != nil {
					return err
				}
			}
			client, err := healthClient(loaded.Config, url == "")
			if err != nil {
				return err
			}
			for _, place := range places {
				if err := ready(command.Context(), client, place); err != nil {
					return err
				}
				a.say("%s is ready", place)
			}
			return nil
		},
	}
	command.Flags().StringVar(&url, "url", "", "ask this server instead of those of the data folder")
	settingsFlags(command, "addr")
	return command
}

// addresses are where the processes of a data folder answer; where none has left a note, the address of the settings.
func addresses(c config.Config) ([]string, error) {
	running, err := runFiles(c)
	if err != nil {
		return nil, err
	}
	var places []string
	for _, r := range running {
		places = append(places, config.Config{TLSCert: c.TLSCert}.URL(r.Addr))
	}
	if len(places) == 0 && c.Addr != "" {
		places = append(places, config.Config{TLSCert: c.TLSCert}.URL(c.Addr))
	}
	if len(places) == 0 {
		return nil, fault.New(fault.Unavailable, "Nothing serves on the data folder %s.", c.Data)
	}
	return places, nil
}

// runFiles reads what the processes on a data folder have noted of themselves. A process that is gone may have left its note.
func runFiles(c config.Config) ([]role.RunFile, error) {
	paths, err := filepath.Glob(filepath.Join(c.Data, "run", "*.json"))
	if err != nil {
		return nil, fmt.Errorf("list running processes: %w", err)
	}
	var running []role.RunFile
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended meanwhile
		}
		var r role.RunFile
		if json.Unmarshal(raw, &r) == nil && alive(r.PID) {
			running = append(running, r)
		}
	}
	slices.SortFunc(running, func(a, b role.RunFile) int { return strings.Compare(a.Instance, b.Instance) })
	return running, nil
}

// servingAt is where people reach the pages: base_url, or the running process that serves them, or where it would listen.
func servingAt(c config.Config) string {
	running, _ := runFiles(c)
	for _, r := range running {
		if slices.Contains(r.Roles, "web") {
			return c.URL(r.Addr)
		}
	}
	return c.URL(firstOf(c.Addr, "127.0.0.1:8080"))
}

// ready asks a process whether it takes work.
func ready(ctx context.Context, client *http.Client, place string) error {
	ctx, cancel := context.WithTimeout(ctx, healthTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, place+"/readyz", nil)
	if err != nil {
		return usageError("%q is no address: %s", place, err)
	}
	response, err := client.Do(request)
	if err != nil {
		return fault.New(fault.Unavailable, "%s does not answer.", place)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fault.New(fault.Unavailable, "%s is not ready (%s).", place, response.Status)
	}
	return nil
}

// healthClient asks for health. Our own processes are asked by their address, which no certificate names: the one that they must show is the very
// one of the settings.
func healthClient(c config.Config, own bool) (*http.Client, error) {
	if !own || c.TLSCert == "" {
		return http.DefaultClient, nil
	}
	raw, err := os.ReadFile(c.TLSCert)
	if err != nil {
		return nil, fmt.Errorf("read tls_cert: %w", err)
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, usageError("tls_cert %s holds no certificate in PEM.", c.TLSCert)
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{
		InsecureSkipVerify: true, // what is verified instead stands in the next line
		VerifyConnection: func(s tls.ConnectionState) error {
			if !bytes.Equal(s.PeerCertificates[0].Raw, block.Bytes) {
				return errors.New("the process shows another certificate than tls_cert")
			}
			return nil
		},
	}}}, nil
}
