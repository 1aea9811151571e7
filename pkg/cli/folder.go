package cli

import (
	"os"
	"path/filepath"

	"gas/config"
)

// The folders of what is installed beside the data, for the service and for gas annotate alike.
const (
	referencesFolder = "references"
	databasesFolder  = "databases"
)

// referencesDir is where references are installed: GAS_REFERENCES, or a folder of the data folder.
func referencesDir(c config.Config) string {
	return firstOf(os.Getenv("GAS_REFERENCES"), filepath.Join(c.Data, referencesFolder))
}

// databasesDir is where databases are installed: GAS_DATABASES, or a folder of the data folder.
func databasesDir(c config.Config) string {
	return firstOf(os.Getenv("GAS_DATABASES"), filepath.Join(c.Data, databasesFolder))
}
