package consequence

// spliceEffects are the parts of introns that an allele changes.
type spliceEffects struct {
	intronic, frameshiftIntron                bool
	startSite, endSite                        bool // the two bases at the intron's left and right end
	fifth, donorRegion, polypyrimidine        bool // of an intron on the forward strand
	fifthReverse, donorRegionReverse, polyRev bool // of one on the reverse strand
	region                                    bool
}

// findSplice finds what parts of introns the allele changes: base by base where REF and ALT are longer than one base, so that bases which both share count for nothing.
func (p *site) findSplice(a *side) spliceEffects {
	var fx spliceEffects
	n, m := len(p.v.ref), len(a.seq)
	if m <= 1 || n <= 1 {
		p.spliceRun(&fx, p.v.start, p.v.start+n-1)
		return fx
	}
	for i := 0; i < max(n, m); i++ {
		if i < n && i < m && p.v.ref[i] == a.seq[i] {
			continue
		}
		j := i
		for j+1 < max(n, m) && (j+1 >= n || j+1 >= m || p.v.ref[j+1] != a.seq[j+1]) {
			j++
		}
		p.spliceRun(&fx, p.v.start+i, p.v.start+j)
		i = j
	}
	return fx
}

// spliceRun adds what the run start to end of changed bases does; an insertion's start is its end + 1.
func (p *site) spliceRun(fx *spliceEffects, start, end int) {
	insertion := start == end+1
	low, high := min(start, end), max(start, end)
	vLow, vHigh := min(p.v.start, p.v.end), max(p.v.start, p.v.end)
	for i := p.firstIntron; i <= p.lastIntron; i++ {
		left, right := p.intronAt(i)
		if left > right || !touches(vLow, vHigh, left-3, right+3) {
			continue
		}
		if shortIntron(left, right) && touches(start, end, left, right) {
			fx.frameshiftIntron = true
			continue
		}
		fx.intronic = fx.intronic || touches(start, end, left+2, right-2) || insertion && (start == left+2 || end == right-2)
		fx.polypyrimidine = fx.polypyrimidine || touches(low, high, right-16, right-2)
		fx.polyRev = fx.polyRev || touches(low, high, left+2, left+16)
	}
	for i := p.firstIntron; i <= p.lastIntron; i++ {
		left, right := p.intronAt(i)
		if left <= right && nearSplice(vLow, vHigh, left, right) {
			spliceSites(fx, start, end, left, right)
		}
	}
	if fx.startSite || fx.endSite {
		return
	}
	if decides := p.decides(start, end, vLow, vHigh); decides >= 0 {
		left, right := p.intronAt(decides)
		fx.region = spliceRegion(start, end, left, right)
	}
}

// decides is the intron that decides about the splice region of a run: the only one whose ends the variation is near, or any of those that agree, or the one that VEP meets last; -1 for none.
func (p *site) decides(start, end, vLow, vHigh int) int {
	counts := func(i int) bool {
		left, right := p.intronAt(i)
		return left <= right && nearSplice(vLow, vHigh, left, right) && !(shortIntron(left, right) && touches(start, end, left, right))
	}
	found := -1
	for i := p.firstIntron; i <= p.lastIntron; i++ {
		if !counts(i) {
			continue
		}
		left, right := p.intronAt(i)
		if found >= 0 {
			l, r := p.intronAt(found)
			if spliceRegion(start, end, left, right) != spliceRegion(start, end, l, r) {
				p.scratch.introns.fill(p)
				return p.scratch.introns.last(vLow, vHigh, counts)
			}
		}
		found = i
	}
	return found
}

// spliceSites adds what a run does to the ends of the intron left to right.
func spliceSites(fx *spliceEffects, start, end, left, right int) {
	if shortIntron(left, right) && touches(start, end, left, right) {
		fx.frameshiftIntron = true
		return
	}
	fx.startSite = fx.startSite || touches(start, end, left, left+1)
	fx.endSite = fx.endSite || touches(start, end, right-1, right)
	fx.fifth = fx.fifth || touches(start, end, left+4, left+4)
	fx.donorRegion = fx.donorRegion || touches(start, end, left+2, left+5)
	fx.polypyrimidine = fx.polypyrimidine || touches(start, end, right-16, right-2)
	fx.fifthReverse = fx.fifthReverse || touches(start, end, right-4, right-4)
	fx.donorRegionReverse = fx.donorRegionReverse || touches(start, end, right-5, right-2)
	fx.polyRev = fx.polyRev || touches(start, end, left+2, left+16)
}

// spliceRegion says whether a run touches bases 3 to 8 of the intron's ends or the three bases of exon beside it; an insertion also counts right beside the two bases at an end.
func spliceRegion(start, end, left, right int) bool {
	return touches(start, end, left+2, left+7) || touches(start, end, right-7, right-2) || touches(start, end, left-3, left-1) || touches(start, end, right+1, right+3) ||
		start == end+1 && (start == left || end == right || start == left+2 || end == right-2)
}

// spliceTerms are the terms about introns and their ends. Structural alleles get only those that need no sequence.
func (p *site) spliceTerms(fx spliceEffects, structural bool) Terms {
	donor, acceptor, fifth, donorRegion, poly := fx.startSite, fx.endSite, fx.fifth, fx.donorRegion, fx.polypyrimidine
	if !p.forward {
		donor, acceptor, fifth, donorRegion, poly = fx.endSite, fx.startSite, fx.fifthReverse, fx.donorRegionReverse, fx.polyRev
	}
	var t Terms
	if p.intron && fx.intronic {
		t |= Intron
	}
	if p.intron && !p.exonic && poly {
		t |= SplicePolypyrimidineTract
	}
	if structural || !p.boundary {
		return t
	}
	donorRegion = donorRegion && !fifth
	if acceptor {
		t |= SpliceAcceptor
	}
	if donor {
		t |= SpliceDonor
	}
	if fifth {
		t |= SpliceDonor5thBase
	}
	if donorRegion {
		t |= SpliceDonorRegion
	}
	if fx.region && !donor && !acceptor && !donorRegion && !fifth {
		t |= SpliceRegion
	}
	return t
}
