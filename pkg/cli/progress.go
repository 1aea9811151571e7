package cli

import (
	"time"

	"github.com/schollz/progressbar/v3"
)

// bar is a progress bar on a terminal's stderr, with percent, rate, time taken and time left, and nothing elsewhere.
type bar struct{ drawn *progressbar.ProgressBar }

// progress begins a bar for size bytes or steps; -1 = not known.
func (a *app) progress(size int64, what string) bar {
	if !a.progressShown() {
		return bar{}
	}
	options := []progressbar.Option{
		progressbar.OptionSetWriter(a.err), progressbar.OptionSetDescription(printable(what)), progressbar.OptionThrottle(100 * time.Millisecond),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30), progressbar.OptionSetPredictTime(true),
	}
	if size != 100 {
		options = append(options, progressbar.OptionShowBytes(true))
	}
	return bar{progressbar.NewOptions64(size, options...)}
}

func (b bar) set(n int64) {
	if b.drawn != nil {
		_ = b.drawn.Set64(n)
	}
}

func (b bar) describe(what string) {
	if b.drawn != nil {
		b.drawn.Describe(printable(what))
	}
}

func (b bar) finish() {
	if b.drawn != nil {
		_ = b.drawn.Finish()
	}
}

// stages draws a bar for each stage of a work that tells how far it is; finish ends the last.
func (a *app) stages() (tell func(stage string, done, total int64), finish func()) {
	var current string
	var drawn bar
	tell = func(stage string, done, total int64) {
		if stage != current {
			drawn.finish()
			current, drawn = stage, a.progress(total, stage)
		}
		drawn.set(done)
	}
	return tell, func() { drawn.finish() }
}
