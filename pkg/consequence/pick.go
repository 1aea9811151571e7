package consequence

// pick keeps of the scratch's effects those that the options ask for.
func (e *Engine) pick(s *Scratch) {}
