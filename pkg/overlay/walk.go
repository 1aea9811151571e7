package overlay

// walk is a place in a compiled database.
type walk struct {
	db          *database
	blocks      blockRange
	number      int // of the block that the place is in
	row         int
	first, last uint32 // positions of that block; first is above last where there is none
	block       block
	loaded      int // the block that is read, -1 for none
	err         error
}

func (w *walk) seek(contig int) {
	w.blocks = w.db.ofContig[contig]
	w.number, w.row = w.blocks.start, 0
	w.first, w.last = 1, 0
}

func (w *walk) failure() error { return w.err }

// load reads a block unless it is the one that is read.
func (w *walk) load(number int) bool { return w.loaded == number || w.read(number) }

func (w *walk) read(number int) bool {
	w.loaded = -1
	if err := w.db.read(&w.block, number); err != nil {
		if w.err == nil {
			w.err = err
		}
		return false
	}
	w.loaded = number
	return true
}
