package annotate_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gas/pkg/annotate"
	"gas/test/peers"

	"github.com/stretchr/testify/require"
)

// tool runs a program that reads our output; it must say nothing on standard error.
func tool(t *testing.T, name string, arguments ...string) string {
	t.Helper()
	command := exec.Command(peers.Tool(t, name), arguments...)
	var out, messages bytes.Buffer
	command.Stdout, command.Stderr = &out, &messages
	require.NoError(t, command.Run(), "%s %v: %s", name, arguments, messages.String())
	require.Empty(t, messages.String(), "%s %v", name, arguments)
	return out.String()
}

func TestOthersReadTheResultWithoutAWarning(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.vcf"), filepath.Join(dir, "out.vcf.gz")
	text := made(t, 5000, 4)
	text = strings.Replace(text, "#CHROM", "##FILTER=<ID=q10,Description=\"q\">\n##INFO=<ID=AC,Number=A,Type=Integer,Description=\"a\">\n##INFO=<ID=END,Number=1,Type=Integer,Description=\"e\">\n#CHROM", 1)
	require.NoError(t, os.WriteFile(in, []byte(text), 0o600))
	_, err := annotate.RunFiles(context.Background(), annotate.Files{In: in, Out: out, Level: 1}, annotate.Options{Threads: 2, Version: "0", Settings: []annotate.Setting{{Name: "db", Value: `in "put.vcf`}}, Choose: annotate.Use(mitochondrion(t))})
	require.NoError(t, err)

	require.Equal(t, 5000, strings.Count(tool(t, "bcftools", "view", "-H", out), "\n"))
	region := tool(t, "bcftools", "view", "-H", "-r", "MT:8000-8100", out)
	require.NotEmpty(t, region)
	require.Equal(t, region, tool(t, "tabix", out, "MT:8000-8100"))
	require.Equal(t, "5000\n", tool(t, "bcftools", "index", "-n", out))
	require.Contains(t, tool(t, "bcftools", "+split-vep", "-l", out), "\tHGVSp")
	split := tool(t, "bcftools", "+split-vep", "-d", "-f", "%POS\t%Consequence\t%SYMBOL\n", out)
	require.Contains(t, split, "missense_variant\tND1")
	require.NotEmpty(t, tool(t, "bcftools", "stats", out))
}
