package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/dustin/go-humanize"
)

// genes is how many transcripts the made genome has where their number is not what is measured.
const genes = 10_000

// measureEngine measures how the time of gas annotate grows with the variants and with the transcripts, its anonymous memory, and how soon it ends when it is
// interrupted. Times are processor time, which says something on a busy machine too; each is the least of three runs.
func measureEngine(ctx context.Context, s settings) error {
	dir, err := os.MkdirTemp(s.dir, "gas-load")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	e := engine{settings: s, dir: dir}
	for _, step := range []func(context.Context) error{e.growVariants, e.growTranscripts, e.manySamples, e.interrupt} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// engine is a folder of made files and what annotates them.
type engine struct {
	settings
	dir   string
	start time.Duration // processor time for a file of one record
}

// growVariants measures files of 10,000 variants up to the largest, on one genome.
func (e *engine) growVariants(ctx context.Context) error {
	g := madeGenome{transcripts: genes}
	if err := e.build(ctx, g); err != nil {
		return err
	}
	for _, n := range []int{1, 10_000, 100_000, 1_000_000, e.variants} {
		used, err := e.annotate(ctx, g, n, 0, "/dev/null")
		if err != nil {
			return err
		}
		if n == 1 {
			e.start = used.cpu
			fmt.Printf("1 variant, that is the start: %s of processor time, %s anonymous memory\n", used.cpu.Round(time.Millisecond), humanize.IBytes(used.anonymous))
			continue
		}
		fmt.Printf("%s variants, %s transcripts: %s, %d ns a variant beyond the start, %s anonymous memory\n",
			humanize.Comma(int64(n)), humanize.Comma(int64(g.transcripts)), used.cpu.Round(time.Millisecond), e.each(used, n), humanize.IBytes(used.anonymous))
	}
	return nil
}

// growTranscripts measures 1,000,000 variants on genomes of the same density of genes.
func (e *engine) growTranscripts(ctx context.Context) error {
	const n = 1_000_000
	for _, transcripts := range []int{1000, 10_000, 100_000} {
		g := madeGenome{transcripts: transcripts}
		if err := e.build(ctx, g); err != nil {
			return err
		}
		used, err := e.annotate(ctx, g, n, 0, "/dev/null")
		if err != nil {
			return err
		}
		fmt.Printf("%s transcripts, %s variants: %s, %d ns a variant beyond the start\n",
			humanize.Comma(int64(transcripts)), humanize.Comma(n), used.cpu.Round(time.Millisecond), e.each(used, n))
	}
	return nil
}

// manySamples measures 20,000 records of 2,504 samples, into bgzip with its index.
func (e *engine) manySamples(ctx context.Context) error {
	used, err := e.annotate(ctx, madeGenome{transcripts: genes}, 20_000, 2504, filepath.Join(e.dir, "samples.vcf.gz"))
	if err != nil {
		return err
	}
	fmt.Printf("20,000 variants of 2,504 samples into bgzip: %s, %s anonymous memory\n", used.cpu.Round(time.Millisecond), humanize.IBytes(used.anonymous))
	return nil
}

// interrupt measures from the signal to the end of a run that still has much to do.
func (e *engine) interrupt(ctx context.Context) error {
	g := madeGenome{transcripts: genes}
	file, err := e.file(g, e.variants, 0)
	if err != nil {
		return err
	}
	var longest time.Duration
	for i := range 5 {
		command := e.command(ctx, g, file, filepath.Join(e.dir, "cut.vcf.gz"))
		if err := command.Start(); err != nil {
			return err
		}
		time.Sleep(time.Duration(100+50*i) * time.Millisecond)
		begun := time.Now()
		if err := command.Process.Signal(os.Interrupt); err != nil {
			return err
		}
		if err := command.Wait(); err == nil {
			return fmt.Errorf("the run of %d variants was over before it was interrupted", e.variants)
		}
		longest = max(longest, time.Since(begun))
	}
	fmt.Printf("from an interrupt to the end, five times: at most %s\n", longest.Round(time.Millisecond))
	return nil
}

// each is the nanoseconds for a variant, less the start.
func (e *engine) each(used usage, n int) int64 { return int64(used.cpu-e.start) / int64(n) }

// usage is what a process has used.
type usage struct {
	cpu       time.Duration
	anonymous uint64 // bytes of memory at most, as far as looks every few milliseconds tell
}

// annotate runs the program on a made file; the time is the least of three runs, the memory the most. A long run is made once.
func (e *engine) annotate(ctx context.Context, g madeGenome, n, samples int, out string) (usage, error) {
	file, err := e.file(g, n, samples)
	if err != nil {
		return usage{}, err
	}
	var best usage
	for i := 0; i < 3 && best.cpu < 10*time.Second; i++ {
		command := e.command(ctx, g, file, out)
		used, err := measured(command)
		if err != nil {
			return usage{}, err
		}
		if i == 0 || used.cpu < best.cpu {
			best.cpu = used.cpu
		}
		best.anonymous = max(best.anonymous, used.anonymous)
	}
	return best, nil
}

func (e *engine) command(ctx context.Context, g madeGenome, file, out string) *exec.Cmd {
	return exec.CommandContext(ctx, e.bin, "annotate", file, "-o", out, "--reference", e.reference(g), "--threads", "2", "--quiet")
}

// measured runs a command to its end.
func measured(command *exec.Cmd) (usage, error) {
	var used usage
	var said strings.Builder
	command.Stderr = &said
	if err := command.Start(); err != nil {
		return used, err
	}
	done := make(chan error, 1)
	go func() { done <- command.Wait() }()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			if err != nil {
				return used, fmt.Errorf("%w: %s", err, said.String())
			}
			times := command.ProcessState.SysUsage().(*syscall.Rusage)
			used.cpu = time.Duration(times.Utime.Nano() + times.Stime.Nano())
			return used, nil
		case <-tick.C:
			_, anonymous := memoryOf(command.Process.Pid)
			used.anonymous = max(used.anonymous, uint64(anonymous))
		}
	}
}

// build compiles the reference of a made genome, once.
func (e *engine) build(ctx context.Context, g madeGenome) error {
	if _, err := os.Stat(e.reference(g)); err == nil {
		return nil
	}
	fasta, gff := filepath.Join(e.dir, "genome.fa"), filepath.Join(e.dir, "genes.gff3")
	if err := written(fasta, g.writeBases); err != nil {
		return err
	}
	if err := written(gff, g.writeGenes); err != nil {
		return err
	}
	command := exec.CommandContext(ctx, e.bin, "reference", "build", "--gff3", gff, "--fasta", fasta, "--name", "made", "--out", e.reference(g), "--quiet")
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

func (e *engine) reference(g madeGenome) string {
	return filepath.Join(e.dir, "reference-"+strconv.Itoa(g.transcripts))
}

// file makes a file of n variants, once.
func (e *engine) file(g madeGenome, n, samples int) (string, error) {
	name := filepath.Join(e.dir, fmt.Sprintf("%d-%d-%d.vcf.gz", g.transcripts, n, samples))
	if _, err := os.Stat(name); err == nil {
		return name, nil
	}
	return name, written(name, func(w *bufio.Writer) error { return g.writeVariants(w, n, samples) })
}

// written makes a file.
func written(name string, write func(*bufio.Writer) error) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer file.Close()
	w := bufio.NewWriterSize(file, 1<<20)
	if err := write(w); err != nil {
		return err
	}
	return w.Flush()
}
