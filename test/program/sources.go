package program

import (
	"io/fs"
	"path/filepath"
	"strings"
)

// Sources looks at every folder of the module, so that go test's cache knows what a test rests on that builds or lists it by another process: without this an old
// pass would stand when the code has changed. root is the module's folder.
func Sources(root string) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() || path == root {
			return err
		}
		if name := entry.Name(); strings.HasPrefix(name, ".") || name == "bin" || name == "testdata" {
			return filepath.SkipDir
		}
		return nil
	})
}
