package annotate

// InPiecesOf has workers get at most so many bytes of text at a time, so that a short file goes through the pipeline as a long one does.
func InPiecesOf(size int, o Options) Options {
	o.pieceSize = size
	return o
}
