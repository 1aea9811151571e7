package vcf

import (
	"bytes"
	"fmt"
	"regexp"
)

// formatKey is the form of FORMAT's keys, which were narrower before VCF 4.3.
var (
	formatKey      = regexp.MustCompile(`^[A-Za-z_][0-9A-Za-z_.]*$`)
	olderFormatKey = regexp.MustCompile(`^[0-9A-Za-z]+$`)
)

// judgeSamples returns what is wrong with FORMAT and the samples behind it, and the rule by which it is passed on.
func (d *declarations) judgeSamples(rest []byte, alleles int) (Rule, string) {
	if len(rest) == 0 {
		return 0, ""
	}
	format, samples, _ := bytes.Cut(rest[1:], tab)
	keys := bytes.Split(format, []byte{':'})
	seen := map[string]bool{}
	for i, key := range keys {
		switch {
		case !d.formatKey.Match(key) && string(format) != ".":
			return RuleKey, fmt.Sprintf("The key %q in FORMAT is badly spelled.", key)
		case seen[string(key)]:
			return RuleKey, fmt.Sprintf("FORMAT has the key %s twice.", key)
		case string(key) == "GT" && i > 0:
			return RuleKey, "GT is not the first key in FORMAT."
		}
		seen[string(key)] = true
	}
	number := 0
	for sample := range bytes.SplitSeq(samples, tab) {
		number++
		if rule, wrong := d.judgeSample(keys, sample, alleles); wrong != "" {
			return rule, fmt.Sprintf("Sample %d %s.", number, wrong)
		}
	}
	return 0, ""
}

func (d *declarations) judgeSample(keys [][]byte, sample []byte, alleles int) (Rule, string) {
	if len(sample) == 0 && string(keys[0]) == "GT" {
		return RuleGenotype, "is empty"
	}
	ploidy := 2
	i := 0
	for value := range bytes.SplitSeq(sample, []byte{':'}) {
		if i == len(keys) {
			return RuleGenotype, "has more values than FORMAT has keys"
		}
		key := string(keys[i])
		i++
		if key == "GT" {
			n, wrong := judgeGenotype(value, alleles)
			if wrong != "" {
				return RuleGenotype, wrong
			}
			ploidy = n
			continue
		}
		if want, ok := d.format[key]; ok {
			if wrong := judgeValue(want, value, true, alleles, ploidy); wrong != "" {
				return RuleValue, fmt.Sprintf("has a value of %s that %s", key, wrong)
			}
		}
	}
	return 0, ""
}

// judgeGenotype returns a genotype's ploidy, or what is wrong with it.
func judgeGenotype(gt []byte, alleles int) (int, string) {
	if len(gt) > 0 && (gt[0] == '/' || gt[0] == '|') {
		gt = gt[1:] // VCF 4.4 lets the first allele's phase be said
	}
	ploidy := 0
	for len(gt) > 0 {
		end := bytes.IndexAny(gt, "/|")
		allele := gt
		if end >= 0 {
			allele, gt = gt[:end], gt[end+1:]
		} else {
			gt = nil
		}
		if ploidy++; string(allele) == "." {
			continue
		}
		index := 0
		for _, c := range allele {
			if c < '0' || c > '9' {
				return 0, "has a genotype that is not made of allele numbers"
			}
			index = min(index*10+int(c-'0'), 1<<20)
		}
		if len(allele) == 0 || end >= 0 && len(gt) == 0 {
			return 0, "has a genotype with an allele missing"
		}
		if index > alleles {
			return 0, "has an allele that the record does not have"
		}
	}
	if ploidy == 0 {
		return 0, "has an empty genotype"
	}
	return ploidy, ""
}
