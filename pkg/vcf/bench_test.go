package vcf_test

import (
	"testing"

	"gas/pkg/vcf"
)

// BenchmarkParse measures taking apart a record that is as most are, and one of several alleles, each behind itself.
func BenchmarkParse(b *testing.B) {
	for name, line := range map[string]string{
		"plain":         "chr7\t117559590\trs113993960\tA\tG\t1234.5\tPASS\tAC=1;AF=0.500;AN=2;DP=43;FS=0.257;MQ=60.00;QD=3.17\tGT:DP:GQ\t0/1:43:99",
		"three alleles": "chr7\t117559590\trs113993960\tATCT\tA,ATCTTCT\t1234.5\tPASS\tAC=1,1;AF=0.5,0.5;AN=2;DP=43;FS=0.257;MQ=60.00;QD=3.17\tGT:DP:GQ\t1/2:43:99",
	} {
		b.Run(name, func(b *testing.B) {
			p := vcf.NewParser(&vcf.Header{Samples: []string{"s1"}}, vcf.Limits{})
			var r vcf.Record
			text := []byte(line)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if wrong := p.Parse(&r, text); wrong != nil {
					b.Fatal(wrong.Message)
				}
			}
		})
	}
}
