// Package templates holds the pages as html/template files: layout.html is the shell, parts.html what pages share, and each other file defines "main" for one page.
package templates

import "embed"

// FS holds all templates at its root.
//
//go:embed *.html
var FS embed.FS
