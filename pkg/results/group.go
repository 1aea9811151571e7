package results

import "encoding/binary"

// Some columns say the same together again and again: those of a site (contig, alleles, filter) and those of an effect (transcript, gene, terms). They are members of a
// group: a row has one number, of a tuple, and a tuple has a code in the dictionary of each member. So a row costs one number to write, and a filter reads one.

// groups are the groups of columns, by the column that holds the numbers of the tuples.
var groups = map[int][]int{
	columnSite:   {columnChrom, columnRef, columnAlt, columnFilter, columnType},
	columnEffect: {columnGene, columnTranscript, columnConsequence, columnImpact, columnBiotype, columnAnyImpact, columnAnyConsequence},
}

// spreading is what a small hash is multiplied by, so that its high bits depend on all of it: 2^64 by the golden ratio.
const spreading = 0x9e3779b97f4a7c15

// groupCount is the number of groups.
const groupCount = 2

// groupOf is the group of each member.
var groupOf = func() map[int]int {
	of := make(map[int]int)
	for group, members := range groups {
		for _, m := range members {
			of[m] = group
		}
	}
	return of
}()

// mostMembers is the size of the largest group.
const mostMembers = 7

// tuple is the codes of a group's members, zeros behind them.
type tuple [mostMembers]uint16

// groupBuilder gathers the rows of a group. A tuple may have several numbers: what remembers them forgets.
type groupBuilder struct {
	members []*dictBuilder
	heads   *[]head // of the block's rows, which have the numbers of their tuples, from 0
	place   int     // of the group in a head
	tuples  []tuple
	recent  [256]uint16 // numbers and one, by a hash
}

func (g *groupBuilder) reset() {
	g.tuples, g.recent = g.tuples[:0], [256]uint16{}
	for _, m := range g.members {
		m.reset()
	}
}

// number finds or makes the number of a tuple.
func (g *groupBuilder) number(t tuple) uint16 {
	hash := uint64(0)
	for _, code := range t {
		hash = (hash ^ uint64(code)) * spreading
	}
	slot := &g.recent[hash>>56]
	if *slot == 0 || g.tuples[*slot-1] != t {
		*slot = g.define(t) + 1
	}
	return *slot - 1
}

// define makes a number for a tuple.
func (g *groupBuilder) define(t tuple) uint16 {
	g.tuples = append(g.tuples, t)
	return uint16(len(g.tuples) - 1)
}

// takeOver gives the rows that were added to the heads numbers of this builder.
func (g *groupBuilder) takeOver(other columnBuilder, rows int) {
	o := other.(*groupBuilder)
	numbers := make([]uint16, len(o.tuples))
	for i, t := range o.tuples {
		for m, code := range t {
			if code > 0 {
				t[m] = g.members[m].code(o.members[m].value(code))
			}
		}
		numbers[i] = g.number(t)
	}
	added := (*g.heads)[rows:]
	for i := range added {
		added[i].tuples[g.place] = numbers[added[i].tuples[g.place]]
	}
}

func (g *groupBuilder) appendTo(to []byte, _ int) (_ []byte, encoding, count uint32) {
	switch {
	case len(g.tuples) == 1:
	case len(g.tuples) <= 256:
		for _, h := range *g.heads {
			to = append(to, byte(h.tuples[g.place]))
		}
	default:
		for _, h := range *g.heads {
			to = binary.LittleEndian.AppendUint16(to, h.tuples[g.place])
		}
	}
	return to, encodingGroup, uint32(len(g.tuples))
}

// memberBuilder is a member of a group as it is written. Its group keeps everything else.
type memberBuilder struct {
	group  *groupBuilder
	member int
}

func (m *memberBuilder) reset()                      {}
func (m *memberBuilder) takeOver(columnBuilder, int) {}

func (m *memberBuilder) appendTo(to []byte, _ int) (_ []byte, encoding, count uint32) {
	dict := m.group.members[m.member]
	for i := range m.group.tuples {
		to = binary.LittleEndian.AppendUint16(to, m.group.tuples[i][m.member])
	}
	return dict.appendValues(to), encodingMember, uint32(len(dict.ends))
}

// readMember cuts a member of a group out of its bytes: a dictionary whose codes are found through the numbers of the rows' tuples. It reports false when bytes are missing.
func readMember(body []byte, count uint32, rows int, group []byte, tuples uint32) (column, bool) {
	c := column{encoding: encodingDict16, rows: rows, count: int(count), codes: group}
	width := 2
	switch {
	case tuples == 0 || tuples > maxRows || count > maxRows:
		return c, false
	case tuples == 1:
		width = 0
	case tuples <= 256:
		c.encoding, width = encodingDict8, 1
	}
	table, offsets := 2*int(tuples), 4*(int(count)+1)
	if len(group) < width*rows || len(body) < table+offsets {
		return c, false
	}
	c.tuples, c.offsets, c.text = body[:table], body[table:table+offsets], body[table+offsets:]
	if width == 0 {
		return constantOf(&c), true
	}
	return c, true
}

// constantOf is a member of a group with one tuple.
func constantOf(c *column) column {
	code := int(binary.LittleEndian.Uint16(c.tuples))
	if code == 0 || code > c.count {
		return column{rows: c.rows}
	}
	return column{encoding: encodingConstant, rows: c.rows, count: 1, text: c.entry(code - 1)}
}

// codeOfTuple is the code of a member in a tuple, 0 where the bytes are damaged.
func (c *column) codeOfTuple(number int) int {
	if 2*number >= len(c.tuples) {
		return 0
	}
	return int(binary.LittleEndian.Uint16(c.tuples[2*number:]))
}

// passesOfTuples turns what is judged of a member's codes into what is judged of the tuples.
func (c *column) passesOfTuples(passes []uint8) []uint8 {
	of := make([]uint8, len(c.tuples)/2)
	for i := range of {
		if code := c.codeOfTuple(i); code < len(passes) {
			of[i] = passes[code]
		}
	}
	return of
}
