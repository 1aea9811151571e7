package vcf

import "strings"

// Build is a guess of the assembly that a file was made on.
type Build struct {
	Name string `json:"name"` // empty where nothing tells
	Why  string `json:"why"`
}

// lengths are contigs by which assemblies are told apart, in bases.
var lengths = []struct {
	contig string // without chr
	length uint64
	build  string
}{
	{"1", 248956422, "GRCh38"}, {"1", 249250621, "GRCh37"}, {"1", 247249719, "NCBI36"}, {"1", 248387328, "T2T-CHM13v2.0"},
	{"2", 242193529, "GRCh38"}, {"2", 243199373, "GRCh37"}, {"17", 83257441, "GRCh38"}, {"17", 81195210, "GRCh37"},
	{"21", 46709983, "GRCh38"}, {"21", 48129895, "GRCh37"}, {"22", 50818468, "GRCh38"}, {"22", 51304566, "GRCh37"}, {"X", 156040895, "GRCh38"}, {"X", 155270560, "GRCh37"},
	{"1", 195154279, "GRCm39"}, {"1", 195471971, "GRCm38"}, {"MN908947.3", 29903, "SARS-CoV-2"}, {"NC_045512.2", 29903, "SARS-CoV-2"},
	{"M", 16571, "hg19 (its chrM is not rCRS)"}, {"MT", 16569, "rCRS"}, {"M", 16569, "rCRS"}, {"NC_012920.1", 16569, "rCRS"},
}

// words are what people write in ##reference, in lower case.
var words = []struct{ word, build string }{
	{"grch38", "GRCh38"}, {"hg38", "GRCh38"}, {"hs38", "GRCh38"}, {"grch37", "GRCh37"}, {"hg19", "GRCh37"}, {"hs37", "GRCh37"}, {"b37", "GRCh37"}, {"human_g1k_v37", "GRCh37"},
	{"b36", "NCBI36"}, {"hg18", "NCBI36"}, {"chm13", "T2T-CHM13v2.0"}, {"grcm39", "GRCm39"}, {"mm39", "GRCm39"}, {"grcm38", "GRCm38"}, {"mm10", "GRCm38"},
	{"rcrs", "rCRS"}, {"nc_012920", "rCRS"}, {"mn908947", "SARS-CoV-2"}, {"nc_045512", "SARS-CoV-2"},
}

// guessBuild guesses by the lengths of ##contig lines, then by ##reference, then by the names of contigs.
func guessBuild(h *Header, contigs []ContigReport) Build {
	for _, row := range lengths {
		for _, c := range h.Contigs() {
			if c.Length == row.length && strings.TrimPrefix(c.Name, "chr") == row.contig {
				return Build{row.build, "##contig " + c.Name + " has its length"}
			}
		}
	}
	for i := range h.Meta {
		m := &h.Meta[i]
		if m.Key != "reference" && m.Key != "assembly" && m.Key != "contig" {
			continue
		}
		text := strings.ToLower(m.Value + m.Get("assembly"))
		for _, row := range words {
			if strings.Contains(text, row.word) {
				return Build{row.build, "##" + m.Key + " names it"}
			}
		}
	}
	return guessByName(contigs)
}

func guessByName(contigs []ContigReport) Build {
	for _, c := range contigs {
		name := strings.ToLower(c.Name)
		for _, row := range words {
			if strings.HasPrefix(name, row.word) {
				return Build{row.build, "the contig " + c.Name + " belongs to it"}
			}
		}
		if len(contigs) == 1 && (c.Name == "MT" || c.Name == "chrMT") {
			return Build{"rCRS", "all records lie on " + c.Name}
		}
	}
	return Build{}
}
