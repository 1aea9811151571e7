package consequence

// intronTree finds the order in which VEP meets the introns whose ends a variation is near. It matters because the last one decides about the splice region (spliceSites). VEP asks a red-black tree of
// intervals, filled in the order of transcription, and gets its nodes from the root down, left before right; so do we, but only where introns disagree.
type intronTree struct {
	nodes []intervalNode // 0 is nil, 1 the sentinel above the root
}

// intervalNode is an interval low to high, closed; most is the greatest high below it.
type intervalNode struct {
	low, high, most     int
	intron              int
	left, right, parent int
	red                 bool
}

const (
	nilNode  = 0
	rootNode = 1
	farLeft  = -1 << 60
	farRight = 1 << 60
)

// fill makes the tree of a site's introns, each by the regions of its two ends.
func (t *intronTree) fill(p *site) {
	t.nodes = append(t.nodes[:0], intervalNode{low: farLeft, high: farLeft, most: farLeft}, intervalNode{low: farRight, high: farRight, most: farRight})
	n := len(p.exons) - 1
	for k := range n {
		i := k
		if !p.forward {
			i = n - 1 - k
		}
		start, end := p.intronAt(i)
		if start > end {
			continue
		}
		t.insert(start-3, start+7, i)
		t.insert(end-7, end+3, i)
	}
}

// insert adds an interval below the leaves, and balances.
func (t *intronTree) insert(low, high, intron int) {
	z := len(t.nodes)
	t.nodes = append(t.nodes, intervalNode{low: low, high: high, most: high, intron: intron, red: true})
	y, x := rootNode, t.nodes[rootNode].left
	for x != nilNode {
		y = x
		if t.nodes[x].low > low {
			x = t.nodes[x].left
		} else {
			x = t.nodes[x].right
		}
	}
	t.nodes[z].parent = y
	if y == rootNode || t.nodes[y].low > low {
		t.nodes[y].left = z
	} else {
		t.nodes[y].right = z
	}
	t.lift(y)
	t.balance(z)
}

// lift corrects most from a node up to the root.
func (t *intronTree) lift(x int) {
	for ; x != rootNode; x = t.nodes[x].parent {
		t.measure(x)
	}
}

func (t *intronTree) measure(x int) {
	n := &t.nodes[x]
	n.most = max(n.high, t.nodes[n.left].most, t.nodes[n.right].most)
}

// balance restores the colours above a new red node.
func (t *intronTree) balance(x int) {
	for t.nodes[t.nodes[x].parent].red {
		parent := t.nodes[x].parent
		above := t.nodes[parent].parent
		onLeft := parent == t.nodes[above].left
		uncle := t.nodes[above].left
		if onLeft {
			uncle = t.nodes[above].right
		}
		if t.nodes[uncle].red {
			t.nodes[parent].red, t.nodes[uncle].red, t.nodes[above].red = false, false, true
			x = above
			continue
		}
		if onLeft == (x == t.nodes[parent].right) {
			x = parent
			t.rotate(x, onLeft)
			parent = t.nodes[x].parent
			above = t.nodes[parent].parent
		}
		t.nodes[parent].red, t.nodes[above].red = false, true
		t.rotate(above, !onLeft)
	}
	t.nodes[t.nodes[rootNode].left].red = false
}

// rotate turns a node down to the left, or to the right.
func (t *intronTree) rotate(x int, left bool) {
	down := func(n *intervalNode) *int {
		if left {
			return &n.left
		}
		return &n.right
	}
	up := func(n *intervalNode) *int {
		if left {
			return &n.right
		}
		return &n.left
	}
	y := *up(&t.nodes[x])
	inner := *down(&t.nodes[y])
	*up(&t.nodes[x]) = inner
	if inner != nilNode {
		t.nodes[inner].parent = x
	}
	parent := t.nodes[x].parent
	t.nodes[y].parent = parent
	if t.nodes[parent].left == x {
		t.nodes[parent].left = y
	} else {
		t.nodes[parent].right = y
	}
	*down(&t.nodes[y]) = x
	t.nodes[x].parent = y
	t.measure(x)
	t.measure(y)
}

// last is the last intron that the tree gives for the stretch low to high and that take accepts, -1 for none.
func (t *intronTree) last(low, high int, take func(intron int) bool) int {
	found := -1
	t.visit(t.nodes[rootNode].left, func(n *intervalNode) {
		if touches(low, high, n.low, n.high) && take(n.intron) {
			found = n.intron
		}
	})
	return found
}

// visit calls do for a node and all below it, left before right.
func (t *intronTree) visit(x int, do func(*intervalNode)) {
	if x == nilNode {
		return
	}
	do(&t.nodes[x])
	t.visit(t.nodes[x].left, do)
	t.visit(t.nodes[x].right, do)
}
