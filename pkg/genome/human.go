package genome

// assembly is a chromosome's RefSeq accession and length in bases in one assembly.
type assembly struct {
	accession string
	length    uint32
}

// humanChromosomes are the chromosomes of the human assemblies that files name in three ways (21, chr21, NC_000021.9). The figures are the assembly reports' of GCF_000001405.
var humanChromosomes = [...]struct {
	name           string
	grch38, grch37 assembly
}{
	{"1", assembly{"NC_000001.11", 248956422}, assembly{"NC_000001.10", 249250621}},
	{"2", assembly{"NC_000002.12", 242193529}, assembly{"NC_000002.11", 243199373}},
	{"3", assembly{"NC_000003.12", 198295559}, assembly{"NC_000003.11", 198022430}},
	{"4", assembly{"NC_000004.12", 190214555}, assembly{"NC_000004.11", 191154276}},
	{"5", assembly{"NC_000005.10", 181538259}, assembly{"NC_000005.9", 180915260}},
	{"6", assembly{"NC_000006.12", 170805979}, assembly{"NC_000006.11", 171115067}},
	{"7", assembly{"NC_000007.14", 159345973}, assembly{"NC_000007.13", 159138663}},
	{"8", assembly{"NC_000008.11", 145138636}, assembly{"NC_000008.10", 146364022}},
	{"9", assembly{"NC_000009.12", 138394717}, assembly{"NC_000009.11", 141213431}},
	{"10", assembly{"NC_000010.11", 133797422}, assembly{"NC_000010.10", 135534747}},
	{"11", assembly{"NC_000011.10", 135086622}, assembly{"NC_000011.9", 135006516}},
	{"12", assembly{"NC_000012.12", 133275309}, assembly{"NC_000012.11", 133851895}},
	{"13", assembly{"NC_000013.11", 114364328}, assembly{"NC_000013.10", 115169878}},
	{"14", assembly{"NC_000014.9", 107043718}, assembly{"NC_000014.8", 107349540}},
	{"15", assembly{"NC_000015.10", 101991189}, assembly{"NC_000015.9", 102531392}},
	{"16", assembly{"NC_000016.10", 90338345}, assembly{"NC_000016.9", 90354753}},
	{"17", assembly{"NC_000017.11", 83257441}, assembly{"NC_000017.10", 81195210}},
	{"18", assembly{"NC_000018.10", 80373285}, assembly{"NC_000018.9", 78077248}},
	{"19", assembly{"NC_000019.10", 58617616}, assembly{"NC_000019.9", 59128983}},
	{"20", assembly{"NC_000020.11", 64444167}, assembly{"NC_000020.10", 63025520}},
	{"21", assembly{"NC_000021.9", 46709983}, assembly{"NC_000021.8", 48129895}},
	{"22", assembly{"NC_000022.11", 50818468}, assembly{"NC_000022.10", 51304566}},
	{"X", assembly{"NC_000023.11", 156040895}, assembly{"NC_000023.10", 155270560}},
	{"Y", assembly{"NC_000024.10", 57227415}, assembly{"NC_000024.9", 59373566}},
}

// HumanBuild is the human assembly that the reference's chromosomes have names and lengths of: GRCh38, GRCh37, or empty where they are another's.
func (r *Reference) HumanBuild() string {
	for _, c := range humanChromosomes {
		if _, ok := r.Contig(c.grch38.accession); ok {
			return "GRCh38"
		}
		if _, ok := r.Contig(c.grch37.accession); ok {
			return "GRCh37"
		}
	}
	return ""
}
