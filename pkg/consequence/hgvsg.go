package consequence

// appendGenomic appends HGVSg of an effect's allele.
func (e *Engine) appendGenomic(dst []byte, s *Scratch, fx *Effect) []byte { return dst }
