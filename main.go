// Command gas is the Genomics Annotation Service: one program with a web site, its workers, and the commands that use them.
package main

import (
	"os"

	"gas/pkg/cli"
)

func main() { os.Exit(cli.Execute()) }
