package config

import (
	"fmt"
	"strings"
)

// Example is a configuration file that holds every setting at its default with what it means; config/gas.example.yaml is this text.
func Example() string {
	var text strings.Builder
	text.WriteString("# Every setting of GAS at its default. A flag (--free-window) wins over the environment (GAS_FREE_WINDOW), which wins over this file.\n")
	text.WriteString("# A secret may also be read from a file: GAS_SESSION_SECRET_FILE=/run/secrets/session.\n")
	for _, s := range Default().Settings() {
		value := s.Value
		switch {
		case s.Key == "providers":
			value = "[]"
		case s.Key == "data":
			// The default depends on the platform and the user.
			fmt.Fprintf(&text, "\n# %s; the default is the platform's folder for data\n# data: /var/lib/gas\n", s.Help)
			continue
		case value == "" || strings.ContainsAny(value, ",:#"):
			value = `"` + value + `"`
		}
		fmt.Fprintf(&text, "\n# %s\n%s: %s\n", s.Help, s.Key, value)
	}
	return text.String()
}
