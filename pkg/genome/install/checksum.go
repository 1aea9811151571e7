package install

import (
	"bufio"
	"cmp"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strings"
)

// digester computes what a provider publishes to check a file by.
type digester interface {
	io.Writer
	digest() string // in the form of the provider's list
}

// newDigester returns the one for a file of checksums by its name: md5 for NCBI's, the BSD checksum of the command sum for Ensembl's.
func newDigester(checksums string) digester {
	if checksums == "md5checksums.txt" {
		return &md5Digester{md5.New()}
	}
	return &bsdSum{}
}

// md5Digester is an MD5 in hexadecimal.
type md5Digester struct{ hash.Hash }

func (d *md5Digester) digest() string { return hex.EncodeToString(d.Sum(nil)) }

// bsdSum is the checksum of BSD's sum: 16 bits that are rotated to the right by one before each byte is added, and the number of blocks of 1,024 bytes.
type bsdSum struct {
	sum   uint16
	bytes int64
}

func (d *bsdSum) Write(p []byte) (int, error) {
	sum := d.sum
	for _, b := range p {
		sum = sum>>1 | sum<<15
		sum += uint16(b)
	}
	d.sum = sum
	d.bytes += int64(len(p))
	return len(p), nil
}

func (d *bsdSum) digest() string { return fmt.Sprintf("%d %d", d.sum, (d.bytes+1023)/1024) }

// findChecksum reads a list of checksums and returns the one of a file, in the form that digest gives.
// Ensembl's lines are "54833 853765 NAME", with leading zeros in some; NCBI's are "d41d8cd9…  ./NAME".
func findChecksum(list io.Reader, name string) (string, error) {
	lines := bufio.NewScanner(list)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) < 2 || strings.TrimPrefix(words[len(words)-1], "./") != name {
			continue
		}
		if len(words) == 2 {
			return strings.ToLower(words[0]), nil
		}
		return cmp.Or(strings.TrimLeft(words[0], "0"), "0") + " " + cmp.Or(strings.TrimLeft(words[1], "0"), "0"), nil
	}
	if err := lines.Err(); err != nil {
		return "", fmt.Errorf("read checksums: %w", err)
	}
	return "", fmt.Errorf("the list of checksums has no %s", name)
}
