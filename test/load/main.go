// Command load measures the built program as a whole and prints the figures of the README.
//
//	go run ./test/load -bin bin/gas start submit latency memory engine
//
// Each figure says what was measured on which machine. The server runs on a data folder of its own with limits off.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
)

// settings are the command's flags.
type settings struct {
	bin    string
	dir    string
	jobs   int
	count  int
	client int
	size   int64

	variants int
}

// measurements are what can be measured, in the order in which they are printed.
var measurements = []struct {
	name string
	run  func(context.Context, settings) error
}{
	{"start", measureStart},
	{"submit", measureSubmit},
	{"latency", measureLatency},
	{"memory", measureMemory},
	{"engine", measureEngine},
}

func main() {
	var s settings
	flag.StringVar(&s.bin, "bin", "bin/gas", "the program to measure")
	flag.StringVar(&s.dir, "dir", os.TempDir(), "where data folders are made; a disk, not memory, for honest figures")
	flag.IntVar(&s.jobs, "jobs", 100_000, "jobs in the store of the second start")
	flag.IntVar(&s.count, "count", 3000, "submissions")
	flag.IntVar(&s.client, "clients", 16, "clients at once")
	flag.Int64Var(&s.size, "size", 5<<30, "bytes of the large upload")
	flag.IntVar(&s.variants, "variants", 20_000_000, "variants of the largest file that the engine annotates")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, s, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings, names []string) error {
	fmt.Printf("%d processors, %s, %s/%s\n", runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	for _, m := range measurements {
		if len(names) > 0 && !strings.Contains(" "+strings.Join(names, " ")+" ", " "+m.name+" ") {
			continue
		}
		if err := m.run(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return nil
}
