// Package install downloads the releases of genomes that people ask for most, checks them and builds references from them.
package install

import (
	"fmt"
	"strings"

	"gas/pkg/fault"
)

// Provider is who publishes a release, and in which layout.
type Provider string

// The providers.
const (
	Ensembl       Provider = "Ensembl"
	EnsemblGRCh37 Provider = "Ensembl GRCh37"
	EnsemblPlants Provider = "Ensembl Plants"
	NCBI          Provider = "NCBI RefSeq"
)

// bases are the addresses under which the providers' folders begin.
var bases = map[Provider]string{
	Ensembl:       "https://ftp.ensembl.org/pub",
	EnsemblGRCh37: "https://ftp.ensembl.org/pub/grch37",
	EnsemblPlants: "https://ftp.ensemblgenomes.ebi.ac.uk/pub/plants",
	NCBI:          "https://ftp.ncbi.nlm.nih.gov/genomes/all",
}

// Release is one genome with its gene model that can be installed by name.
type Release struct {
	Name      string   // of the reference that it becomes
	Others    []string // further names by which it is asked for
	Species   string   // as in the provider's file names, for example "Homo_sapiens"
	Assembly  string   // for example "GRCh38"; with NCBI "GRCh38.p14"
	Provider  Provider
	Number    int              // Ensembl's release
	Accession string           // NCBI's, for example "GCF_000001405.40"
	Part      string           // of the assembly with Ensembl: "primary_assembly" leaves out alternative loci, "toplevel" is all there is
	Codes     map[string]uint8 // NCBI translation tables of contigs whose names don't tell
}

// Catalogue is what can be installed. Ensembl's releases come first: their contigs are called as most files call them.
var Catalogue = []Release{
	{Name: "GRCh38", Others: []string{"hg38", "human"}, Species: "Homo_sapiens", Assembly: "GRCh38", Provider: Ensembl, Number: 115, Part: "primary_assembly"},
	{Name: "GRCh37", Others: []string{"hg19", "b37"}, Species: "Homo_sapiens", Assembly: "GRCh37", Provider: EnsemblGRCh37, Number: 87, Part: "primary_assembly"},
	{Name: "GRCm39", Others: []string{"mm39", "mouse"}, Species: "Mus_musculus", Assembly: "GRCm39", Provider: Ensembl, Number: 115, Part: "primary_assembly"},
	{Name: "GRCm38", Others: []string{"mm10"}, Species: "Mus_musculus", Assembly: "GRCm38", Provider: Ensembl, Number: 102, Part: "primary_assembly"},
	{Name: "mRatBN7.2", Others: []string{"rn7", "rat"}, Species: "Rattus_norvegicus", Assembly: "mRatBN7.2", Provider: Ensembl, Number: 112, Part: "toplevel"},
	{Name: "GRCz11", Others: []string{"danRer11", "zebrafish"}, Species: "Danio_rerio", Assembly: "GRCz11", Provider: Ensembl, Number: 112, Part: "primary_assembly"},
	{Name: "BDGP6.46", Others: []string{"dm6", "fruitfly"}, Species: "Drosophila_melanogaster", Assembly: "BDGP6.46", Provider: Ensembl, Number: 112, Part: "toplevel"},
	{Name: "WBcel235", Others: []string{"ce11", "worm"}, Species: "Caenorhabditis_elegans", Assembly: "WBcel235", Provider: Ensembl, Number: 112, Part: "toplevel"},
	{Name: "R64-1-1", Others: []string{"sacCer3", "yeast"}, Species: "Saccharomyces_cerevisiae", Assembly: "R64-1-1", Provider: Ensembl, Number: 112, Part: "toplevel"},
	{Name: "Sscrofa11.1", Others: []string{"susScr11", "pig"}, Species: "Sus_scrofa", Assembly: "Sscrofa11.1", Provider: Ensembl, Number: 112, Part: "toplevel"},
	{Name: "ARS-UCD1.3", Others: []string{"cow"}, Species: "Bos_taurus", Assembly: "ARS-UCD1.3", Provider: Ensembl, Number: 112, Part: "toplevel"},
	{Name: "GRCg7b", Others: []string{"chicken"}, Species: "Gallus_gallus", Assembly: "bGalGal1.mat.broiler.GRCg7b", Provider: Ensembl, Number: 112, Part: "toplevel"},
	{Name: "ROS_Cfam_1.0", Others: []string{"dog"}, Species: "Canis_lupus_familiaris", Assembly: "ROS_Cfam_1.0", Provider: Ensembl, Number: 112, Part: "toplevel"},
	{Name: "TAIR10", Others: []string{"arabidopsis"}, Species: "Arabidopsis_thaliana", Assembly: "TAIR10", Provider: EnsemblPlants, Number: 59, Part: "toplevel", Codes: map[string]uint8{"Pt": 11}},
	{Name: "GRCh38-RefSeq", Species: "Homo_sapiens", Assembly: "GRCh38.p14", Provider: NCBI, Accession: "GCF_000001405.40"},
	{Name: "GRCh37-RefSeq", Species: "Homo_sapiens", Assembly: "GRCh37.p13", Provider: NCBI, Accession: "GCF_000001405.25"},
	{Name: "T2T-CHM13v2.0-RefSeq", Others: []string{"CHM13", "hs1"}, Species: "Homo_sapiens", Assembly: "T2T-CHM13v2.0", Provider: NCBI, Accession: "GCF_009914755.1"},
	{Name: "GRCm39-RefSeq", Species: "Mus_musculus", Assembly: "GRCm39", Provider: NCBI, Accession: "GCF_000001635.27"},
}

// Names lists the releases.
func Names() []string {
	names := make([]string, 0, len(Catalogue))
	for i := range Catalogue {
		names = append(names, Catalogue[i].Name)
	}
	return names
}

// Lookup finds a release by one of its names; case does not matter. The error is an unknown_reference fault that lists what there is.
func Lookup(name string) (*Release, error) {
	for i := range Catalogue {
		for _, n := range append([]string{Catalogue[i].Name}, Catalogue[i].Others...) {
			if strings.EqualFold(n, name) {
				return &Catalogue[i], nil
			}
		}
	}
	return nil, fault.New(fault.UnknownRef, "There is no release called %q.", name).
		WithHint("Known are %s. Others are built from files: gas reference build.", strings.Join(Names(), ", "))
}

// remote is a file of a release, below the provider's base.
type remote struct {
	folder    string
	name      string
	checksums string // name of the file of checksums in the same folder
}

// sequence is the file with the release's bases.
func (r *Release) sequence() remote {
	if r.Provider == NCBI {
		return remote{r.folder(), r.stem() + "_genomic.fna.gz", "md5checksums.txt"}
	}
	return remote{fmt.Sprintf("release-%d/fasta/%s/dna", r.Number, strings.ToLower(r.Species)), fmt.Sprintf("%s.%s.dna.%s.fa.gz", r.Species, r.Assembly, r.Part), "CHECKSUMS"}
}

// genes is the file with the release's gene model.
func (r *Release) genes() remote {
	if r.Provider == NCBI {
		return remote{r.folder(), r.stem() + "_genomic.gff.gz", "md5checksums.txt"}
	}
	return remote{fmt.Sprintf("release-%d/gff3/%s", r.Number, strings.ToLower(r.Species)), fmt.Sprintf("%s.%s.%d.gff3.gz", r.Species, r.Assembly, r.Number), "CHECKSUMS"}
}

// stem begins the names of NCBI's files: GCF_000001405.40_GRCh38.p14.
func (r *Release) stem() string { return r.Accession + "_" + r.Assembly }

// folder is NCBI's: the accession's digits in threes, GCF/000/001/405/GCF_000001405.40_GRCh38.p14.
func (r *Release) folder() string {
	kind, rest, _ := strings.Cut(r.Accession, "_")
	digits, _, _ := strings.Cut(rest, ".")
	parts := []string{kind}
	for len(digits) >= 3 {
		parts, digits = append(parts, digits[:3]), digits[3:]
	}
	return strings.Join(append(parts, r.stem()), "/")
}
