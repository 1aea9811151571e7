package job

import "strings"

// Stem is the name of a job's input without what says that it is a VCF and how it is packed.
func Stem(name string) string {
	for _, suffix := range []string{".gz", ".bgz", ".vcf"} {
		if len(name) > len(suffix) && strings.EqualFold(name[len(name)-len(suffix):], suffix) {
			name = name[:len(name)-len(suffix)]
		}
	}
	return name
}

// ResultName is what the result of a job of this name is called on a person's disk.
func ResultName(name string) string { return Stem(name) + ".annot.vcf.gz" }
