package vcf

// declaration is what a key's value must be: how many values ("1", "A", "R", "G", ".", …) of which type.
type declaration struct{ number, kind string }

// reservedInfo are the INFO keys that the specification reserves (VCF 4.3, section 1.6.1, table 1), where its versions agree.
var reservedInfo = map[string]declaration{
	"AA": {"1", "String"}, "AC": {"A", "Integer"}, "AD": {"R", "Integer"}, "ADF": {"R", "Integer"}, "ADR": {"R", "Integer"}, "AF": {"A", "Float"},
	"AN": {"1", "Integer"}, "BQ": {"1", "Float"}, "CIGAR": {"A", "String"}, "DB": {"0", "Flag"}, "DP": {"1", "Integer"}, "END": {"1", "Integer"},
	"H2": {"0", "Flag"}, "H3": {"0", "Flag"}, "MQ": {"1", ""}, "MQ0": {"1", "Integer"}, "NS": {"1", "Integer"},
	"SOMATIC": {"0", "Flag"}, "VALIDATED": {"0", "Flag"}, "1000G": {"0", "Flag"}, "IMPRECISE": {"0", "Flag"}, "NOVEL": {"0", "Flag"}, "SVTYPE": {"1", "String"},
}

// reservedFormat are the FORMAT keys that the specification reserves (section 1.6.2, table 2).
var reservedFormat = map[string]declaration{
	"AD": {"R", "Integer"}, "ADF": {"R", "Integer"}, "ADR": {"R", "Integer"}, "DP": {"1", "Integer"}, "EC": {"A", "Integer"}, "FT": {"1", "String"},
	"GL": {"G", "Float"}, "GLE": {"G", "String"}, "GP": {"G", "Float"}, "GQ": {"1", "Integer"}, "GT": {"1", "String"}, "HQ": {"2", "Integer"}, "MQ": {"1", "Integer"},
	"PL": {"G", "Integer"}, "PQ": {"1", "Integer"}, "PS": {"1", "Integer"},
}

// ReservedInfo is the Number that the specification reserves for a key of INFO, empty where it reserves none.
func ReservedInfo(key string) string { return reservedInfo[key].number }

// ReservedFormat is the Number that the specification reserves for a key of FORMAT, empty where it reserves none.
func ReservedFormat(key string) string { return reservedFormat[key].number }

// unsigned are reserved INFO keys whose values are not below 0.
var unsigned = map[string]bool{"AC": true, "AF": true, "AN": true, "DP": true, "END": true, "MQ0": true, "NS": true, "AD": true, "ADF": true, "ADR": true}
