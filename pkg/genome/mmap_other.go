//go:build !unix

package genome

import "os"

// mapFile reads the file where the system cannot map it as Unix does.
func mapFile(path string) (bytes []byte, release func() error, err error) {
	bytes, err = os.ReadFile(path)
	return bytes, func() error { return nil }, err
}
