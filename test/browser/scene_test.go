package browser

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/genome"
	"gas/test/shared"
	"gas/test/volume"
)

// sceneFile is a file that a job of the scene is made of, and what it is annotated with.
type sceneFile struct {
	name      string
	text      []byte
	reference *genome.Reference
}

// sceneFiles are what the scene's jobs are made of.
type sceneFiles struct {
	references string    // the folder of references beside those of the program; may be empty
	cohort     sceneFile // without samples
	sample     sceneFile // of a person
	person     string    // as the file calls him
	known      sceneFile // the variants that a database knows
}

// filesOfScene are real ones: a cohort's mitochondria, NA12878's chromosome 21 and dbSNP's. Where the shared folder is missing they are made, so that the pages are
// looked at all the same.
func filesOfScene(t *testing.T) sceneFiles {
	t.Helper()
	if !shared.Here(t) {
		mitochondrion, err := genome.Builtin("rCRS")
		require.NoError(t, err)
		made := sceneFile{"many.vcf", manyVariants(t), mitochondrion}
		return sceneFiles{cohort: made, sample: made, person: "NA1", known: made}
	}
	f := sceneFiles{references: t.TempDir(), person: "NA12878"}
	folder := filepath.Join(f.references, "chr21")
	require.NoError(t, genome.Build(context.Background(), genome.BuildOptions{
		Name: "chr21", FASTA: shared.Path(t, "data", "chr21", "chr21.partial.fa.gz"), Genes: shared.Path(t, "data", "chr21", "ensembl84.gff3.gz"), Out: folder,
	}))
	chr21, err := genome.Open(folder)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, chr21.Close()) })
	course, err := os.ReadFile(shared.Path(t, "data", "inputs", "course.free_1.vcf"))
	require.NoError(t, err)
	f.cohort = sceneFile{name: "course.free_1.vcf", text: course}
	sample, err := os.ReadFile(shared.Path(t, "data", "inputs", "na12878.chr21.vcf.gz"))
	require.NoError(t, err)
	f.sample = sceneFile{"na12878.chr21.vcf.gz", sample, chr21}
	f.known = sceneFile{"dbsnp.vcf", volume.Thinned(shared.Unpacked(t, "data", "chr21", "dbsnp.vcf.gz"), volume.Of(1, 20)), chr21}
	return f
}
