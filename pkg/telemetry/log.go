// Package telemetry is what the program tells about its own running: log lines and metrics.
package telemetry

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/rs/zerolog"
)

// Logger writes to w from a level on: debug, info, warn or error. It writes JSON lines, and short lines for a person where w is a terminal.
//
// Every line has the fields that apply of role, job, user and attempt, and a message in lower case. Values never stand in the message,
// and no URL is logged with its query: links carry secrets there.
func Logger(w io.Writer, level string) (zerolog.Logger, error) {
	least, err := zerolog.ParseLevel(level)
	if err != nil {
		return zerolog.Nop(), fmt.Errorf("read log level: %w", err)
	}
	if file, ok := w.(*os.File); ok && isatty.IsTerminal(file.Fd()) {
		w = zerolog.ConsoleWriter{Out: w, TimeFormat: time.TimeOnly, NoColor: os.Getenv("NO_COLOR") != ""}
	}
	return zerolog.New(zerolog.SyncWriter(w)).Level(least).With().Timestamp().Logger(), nil
}
