// Command proof kills the real program at chosen places and at any moment, again and again, while people submit jobs and change their plans. Then
// it lets everything come to rest and shows that nothing was lost, changed, stuck or left over.
//
//	go run ./test/proof -bin bin/gas -cycles 500 -jobs 2000
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	var o options
	flag.StringVar(&o.bin, "bin", "bin/gas", "the program")
	flag.StringVar(&o.dir, "dir", os.TempDir(), "where the data folder is made")
	flag.IntVar(&o.cycles, "cycles", 500, "how often a process is killed")
	flag.IntVar(&o.jobs, "jobs", 2000, "how many jobs are submitted")
	flag.IntVar(&o.largest, "largest", 20<<20, "the largest input in bytes")
	flag.BoolVar(&o.six, "six", false, "run each role as a process of its own")
	flag.Uint64Var(&o.seed, "seed", 1, "what is drawn")
	flag.BoolVar(&o.every, "every", true, "fail when a failpoint was never hit")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	p, err := prove(ctx, o)
	if p != nil {
		p.print(os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "proof:", err)
		os.Exit(1)
	}
}
