package config

import (
	"os"
	"path/filepath"
	"runtime"
)

// DataFolder is the platform's folder for a program's data, or "gas-data" where it names none.
func DataFolder() string {
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "gas")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "gas-data"
	}
	switch runtime.GOOS {
	case "darwin":
		return filepath.Join(home, "Library", "Application Support", "gas")
	case "windows":
		return filepath.Join(home, "AppData", "Local", "gas")
	}
	return filepath.Join(home, ".local", "share", "gas")
}

// Files are the places where a configuration is looked for when none is named; the first that exists is read.
func Files() []string {
	var places []string
	if dir, err := os.UserConfigDir(); err == nil {
		places = append(places, filepath.Join(dir, "gas", "config.yaml"))
	}
	return append(places, "/etc/gas/config.yaml")
}

// ReferencesFolder is where references are installed, for the service and for gas annotate alike.
func (c Config) ReferencesFolder() string {
	if c.References != "" {
		return c.References
	}
	return filepath.Join(c.Data, "references")
}

// DatabasesFolder is where databases are installed.
func (c Config) DatabasesFolder() string {
	if c.Databases != "" {
		return c.Databases
	}
	return filepath.Join(c.Data, "databases")
}
