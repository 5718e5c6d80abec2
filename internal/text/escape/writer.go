package escape

// writer is io.Writer, whose package is not early.
type writer interface {
	Write(text []byte) (n int, err error)
}

// Screen passes on what is written to it as [AppendScreen] has it. One call of Write has
// whole characters and control sequences.
type Screen struct{ To writer }

func (s Screen) Write(text []byte) (n int, err error) {
	_, err = s.To.Write(AppendScreen(make([]byte, 0, len(text)), text))
	return len(text), err
}

// JSON passes on what is written to it as [AppendJSON] has it. One call of Write has whole
// characters.
type JSON struct{ To writer }

func (j JSON) Write(text []byte) (n int, err error) {
	_, err = j.To.Write(AppendJSON(make([]byte, 0, len(text)), text))
	return len(text), err
}
