// Package static holds the files that pages load: our own style, script and icons. Nothing else is served to a browser but Bootstrap's style sheet.
package static

import "embed"

// FS holds gas.css, gas.js and icons.svg at its root.
//
//go:embed gas.css gas.js icons.svg
var FS embed.FS
