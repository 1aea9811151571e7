package web

import (
	"net/url"
	"path"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"gas/pkg/job"
)

const maxName = 255 // bytes of a job's name

// cleanName makes a label of a file's name: NFC, no control or direction characters, no slash, at most 255 bytes. It is never part of a path.
func cleanName(name string) string {
	name = norm.NFC.String(strings.ToValidUTF8(name, "_"))
	name = strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || hidden(r) {
			return '_'
		}
		return r
	}, name)
	name = strings.TrimSpace(name)
	for len(name) > maxName {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	if strings.Trim(name, ". ") == "" {
		return "unnamed.vcf"
	}
	return name
}

// fileNameOf is what a file of a job is called on a person's disk. The index says in its key which kind it is, .tbi or .csi.
func fileNameOf(j job.Job, kind string) string {
	if kind == job.FileIndex && path.Ext(j.Files[kind].Key) == ".csi" {
		return job.ResultName(j.Name) + ".csi"
	}
	return downloadName(j.Name, kind)
}

// downloadName is what a file of a job is called, by the job's name.
func downloadName(name, kind string) string {
	switch kind {
	case kindInput:
		return name
	case kindResult:
		return job.ResultName(name)
	case job.FileIndex:
		return job.ResultName(name) + ".tbi"
	case job.FileLog:
		return job.Stem(name) + ".vcf.count.log"
	}
	return job.Stem(name) + "." + kind + ".json"
}

// attachment is the value of Content-Disposition: a name in plain ASCII, and the real one beside it where it differs.
func attachment(name string) string {
	plain := strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || strings.ContainsRune(`"\/%`, r) {
			return '_'
		}
		return r
	}, name)
	value := `attachment; filename="` + plain + `"`
	if plain != name {
		value += "; filename*=UTF-8''" + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
	}
	return value
}
