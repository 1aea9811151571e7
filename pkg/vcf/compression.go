package vcf

import (
	"bytes"

	"gas/pkg/fault"
)

// Compression is how a file is packed.
type Compression uint8

// The ways of packing.
const (
	Plain Compression = iota
	Gzip              // of one member or several
	BGZF              // bgzip
)

// String is the compression as messages name it.
func (c Compression) String() string { return [...]string{"plain text", "gzip", "bgzip"}[c] }

// sniffed is how many bytes of a file tell what it is: a bgzip block's header.
const sniffed = 18

// foreign are the beginnings of files that people take for a VCF, with what they are.
var foreign = []struct{ magic, name string }{
	{"\xff\xfe", "text in UTF-16"}, {"\xfe\xff", "text in UTF-16"}, {"#\x00", "text in UTF-16"}, {"\x00#", "text in UTF-16"},
	{"BCF\x02", "a BCF file; bcftools view FILE turns it into a VCF"}, {"BAM\x01", "a BAM file"}, {"CRAM", "a CRAM file"},
	{"PK\x03\x04", "a ZIP archive"}, {"BZh", "a bzip2 file"}, {"\xfd7zXZ\x00", "an xz file"}, {"\x28\xb5\x2f\xfd", "a zstd file"}, {"%PDF", "a PDF file"},
	{"<!DOCTYPE", "a web page"}, {"<html", "a web page"}, {"@HD\t", "a SAM file"}, {"##gff-version", "a GFF file"}, {">", "a FASTA file"},
}

// compressionOf tells the packing from a file's first bytes.
func compressionOf(first []byte) (Compression, error) {
	switch {
	case len(first) == 0:
		return Plain, fault.At(1, 0, "The file is empty.")
	case len(first) >= 3 && first[0] == 0x1f && first[1] == 0x8b && first[2] == 8:
		if len(first) >= 16 && first[3]&4 != 0 && first[12] == 'B' && first[13] == 'C' {
			return BGZF, nil
		}
		return Gzip, nil
	}
	return Plain, notForeign(first)
}

// notForeign refuses text that begins as another kind of file does.
func notForeign(first []byte) error {
	for _, f := range foreign {
		if bytes.HasPrefix(first, []byte(f.magic)) {
			return fault.At(1, 0, "This is not a VCF file: it is %s.", f.name)
		}
	}
	return nil
}
