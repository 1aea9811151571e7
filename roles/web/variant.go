package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"gas/pkg/genome"
	"gas/pkg/results"
)

// variantView is the page of one variant with all its transcripts.
type variantView struct {
	Heading     string
	Impact      *impactView
	Consequence string
	Facts       []factView
	Links       []linkView
	Databases   []factView
	Columns     []columnView
	Transcripts [][]cellView
	Samples     []factView
	Back        string
	Info        string
}

// transcriptFields are the fields of CSQ, and then those of ANN, that the table of transcripts shows, where they are there, with their heads.
var transcriptFields = [...]struct{ field, text string }{
	{"Feature", "Transcript"}, {"SYMBOL", "Gene"}, {"BIOTYPE", "Biotype"}, {"Consequence", "Consequence"}, {"IMPACT", "Impact"}, {"HGVSc", "HGVSc"}, {"HGVSp", "HGVSp"},
	{"EXON", "Exon"}, {"INTRON", "Intron"}, {"Codons", "Codons"}, {"Amino_acids", "Amino acids"}, {"DISTANCE", "Distance"},
	{"Feature_ID", "Transcript"}, {"Gene_Name", "Gene"}, {"Transcript_BioType", "Biotype"}, {"Annotation", "Consequence"}, {"Annotation_Impact", "Impact"}, {"HGVS.c", "HGVSc"}, {"HGVS.p", "HGVSp"},
	{"Rank", "Exon or intron"}, {"Distance", "Distance"},
}

// variantPage answers GET /annotations/:id/variants/:key.
func (s *site) variantPage(c echo.Context) error {
	v, index, done, err := s.variants(c)
	if err != nil {
		return err
	}
	defer done()
	key, err := url.PathUnescape(c.Param("key"))
	if err != nil {
		key = c.Param("key")
	}
	d, err := index.Details(key)
	if err != nil {
		return err
	}
	name, back := visible(v.Name), "/annotations/"+v.ID+"/variants"
	view := variantView{
		Heading: visible(d.Chrom) + ":" + countPlain(d.Pos) + " " + alleleText(d.Ref) + " > " + alleleText(d.Alt), Impact: impactOf(d.Impact),
		Consequence: visible(strings.Join(d.Consequence, ", ")), Facts: variantFacts(&d), Links: outsideLinks(s.humanBuild(v.Reference), &d.Variant),
		Back: back, Info: visible(firstOf(d.Info, 4000)),
	}
	view.Databases = databaseFacts(&d.Variant)
	view.Columns, view.Transcripts = transcriptTable(&d)
	samples := index.Header().Samples
	for _, sample := range samples[:min(len(samples), 200)] {
		view.Samples = append(view.Samples, factView{Name: visible(sample), Value: visible(firstOf(d.Samples[sample], 300)), Mono: true})
	}
	crumbs := []linkView{{URL: "/annotations", Text: "Jobs"}, {URL: "/annotations/" + v.ID, Text: shorten(name, 60)}, {URL: back, Text: "Variants"}, {Text: view.Heading}}
	return s.render(c, http.StatusOK, "variant", head{Title: view.Heading, Crumbs: crumbs}, view)
}

func variantFacts(d *results.Details) []factView {
	var facts []factView
	add := func(name, value string, mono bool) {
		if value != "" && value != "." {
			facts = append(facts, factView{name, visible(value), mono})
		}
	}
	add("Gene", d.Gene, false)
	add("Transcript", d.Transcript, true)
	add("HGVSc", d.HGVSc, true)
	add("HGVSp", unescaped(d.HGVSp), true)
	add("Type", d.Type, false)
	add("Id", d.ID, true)
	add("Filter", d.Filter, false)
	if d.Qual != nil {
		add("Quality", strconv.FormatFloat(*d.Qual, 'g', 6, 64), false)
	}
	if len(d.Ref) > 24 || len(d.Alt) > 24 {
		add("Reference allele", firstOf(d.Ref, 2000), true)
		add("Alternate allele", firstOf(d.Alt, 2000), true)
	}
	return facts
}

func databaseFacts(v *results.Variant) []factView {
	names := map[string]string{}
	for database, fields := range v.Databases {
		for field, value := range fields {
			names[database+" "+field] = cellText(value)
		}
	}
	var facts []factView
	for _, name := range sortedKeys(names) {
		facts = append(facts, factView{Name: visible(name), Value: visible(names[name])})
	}
	return facts
}

// transcriptTable has the chosen transcript first, then those that matter most: by impact, then those in the gene before those near one, the nearest first.
func transcriptTable(d *results.Details) ([]columnView, [][]cellView) {
	var columns []columnView
	slices.SortStableFunc(d.Transcripts, func(a, b map[string]string) int { return slices.Compare(weight(d, a), weight(d, b)) })
	rows := make([][]cellView, len(d.Transcripts))
	for _, f := range transcriptFields {
		if !anyHas(d.Transcripts, f.field) {
			continue
		}
		columns = append(columns, columnView{Text: f.text, Number: f.text == "Distance"})
		for i, entry := range d.Transcripts {
			cell := cellView{Label: f.text, Text: visible(strings.ReplaceAll(entry[f.field], "&", ", "))}
			switch f.field {
			case "IMPACT", "Annotation_Impact":
				cell.Impact = impactOf(entry[f.field])
			case "Feature", "HGVSc", "HGVSp", "Codons", "Feature_ID", "HGVS.c", "HGVS.p":
				cell.Mono, cell.Text = true, unescaped(cell.Text)
			case "DISTANCE", "Distance":
				cell.Number = true
				if n, err := strconv.Atoi(entry[f.field]); err == nil {
					cell.Text = countText(n)
				}
			}
			rows[i] = append(rows[i], cell)
		}
	}
	return columns, rows
}

// weight orders a transcript's entry: what is smaller comes first.
func weight(d *results.Details, entry map[string]string) []int {
	either := func(csq, ann string) string { return orDefault(entry[csq], entry[ann]) }
	chosen := 1
	if name := either("Feature", "Feature_ID"); name != "" && name == d.Transcript {
		chosen = 0
	}
	impact := slices.Index([]string{"HIGH", "MODERATE", "LOW", "MODIFIER"}, either("IMPACT", "Annotation_Impact"))
	if impact < 0 {
		impact = 4
	}
	distance, err := strconv.Atoi(either("DISTANCE", "Distance"))
	if err != nil {
		distance = -1 // in the gene
	}
	return []int{chosen, impact, distance}
}

func anyHas(entries []map[string]string, field string) bool {
	for _, e := range entries {
		if e[field] != "" {
			return true
		}
	}
	return false
}

// outsideLinks are pages of others about a variant. They are links and nothing more: no page of ours loads anything from there.
func outsideLinks(build string, v *results.Variant) []linkView {
	var links []linkView
	for id := range strings.SplitSeq(v.ID, ";") {
		if strings.HasPrefix(id, "rs") {
			links = append(links, linkView{URL: "https://www.ncbi.nlm.nih.gov/snp/" + url.PathEscape(id), Text: "dbSNP " + visible(id)})
		}
	}
	chrom := strings.TrimPrefix(v.Chrom, "chr")
	if build == "" || len(v.Ref)+len(v.Alt) > 200 {
		return links
	}
	if chrom == "M" {
		chrom = "MT"
	}
	dataset, assembly := "gnomad_r4", "hg38"
	if build == "GRCh37" {
		dataset, assembly = "gnomad_r2_1", "hg19"
	}
	short := chrom
	if chrom == "MT" {
		short, dataset = "M", "gnomad_r3"
	}
	pos := countPlain(v.Pos)
	return append(links,
		linkView{URL: "https://gnomad.broadinstitute.org/variant/" + url.PathEscape(short+"-"+pos+"-"+v.Ref+"-"+v.Alt) + "?dataset=" + dataset, Text: "gnomAD"},
		linkView{URL: "https://www.ncbi.nlm.nih.gov/clinvar/?term=" + url.QueryEscape(chrom+"[chr] AND "+pos+"["+map[string]string{"GRCh38": "chrpos38", "GRCh37": "chrpos37"}[build]+"]"), Text: "ClinVar"},
		linkView{URL: "https://" + map[string]string{"GRCh38": "www", "GRCh37": "grch37"}[build] + ".ensembl.org/Homo_sapiens/Location/View?r=" + url.QueryEscape(chrom+":"+pos+"-"+pos), Text: "Ensembl"},
		linkView{URL: "https://genome.ucsc.edu/cgi-bin/hgTracks?db=" + assembly + "&position=" + url.QueryEscape("chr"+short+":"+pos), Text: "UCSC"})
}

// humanBuild is the human genome build that a reference belongs to, empty for what is not human or not known. Where the name does not tell, its chromosomes do.
func (s *site) humanBuild(reference string) string {
	if build := buildByName(reference); build != "" {
		return build
	}
	if known, ok := s.builds.Load(reference); ok {
		return known.(string)
	}
	r, err := genome.Find(s.Config.ReferencesFolder(), reference)
	if err != nil { // not installed where the pages are served
		return ""
	}
	defer r.Close()
	build := r.HumanBuild()
	s.builds.Store(reference, build)
	return build
}

func buildByName(reference string) string {
	name := strings.ToLower(reference)
	switch {
	case strings.Contains(name, "grch38"), strings.Contains(name, "hg38"), strings.EqualFold(reference, "rCRS"):
		return "GRCh38"
	case strings.Contains(name, "grch37"), strings.Contains(name, "hg19"):
		return "GRCh37"
	}
	return ""
}
