package media

// Sniffer is an io.Writer that a whole recording streams through, in order; it
// keeps the little that Info needs, at most 8 MiB. Its Write never fails and
// never keeps p. It is used by one goroutine at a time.
type Sniffer struct {
	shape  shape
	done   bool   // nothing that follows matters
	header []byte // the beginning of the recording, then of each box
	boxes  int    // headers seen
	box    header // the box that is passing
	left   int64  // bytes of box that are still to come
	inBox  bool
	keep   *[]byte // what takes box's bytes; nil if it is skipped
	ftyp   []byte  // the first
	moov   []byte  // the first, also while it is not whole yet
	whole  bool    // moov is
	avi    []byte
}

// NewSniffer begins a recording.
func NewSniffer() *Sniffer { return &Sniffer{} }

// Write takes the next bytes of the recording. It always takes all of them.
func (s *Sniffer) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 && !s.done {
		switch {
		case s.shape == shapeUndecided:
			p = s.decide(p)
		case s.shape == shapeRIFF:
			p = s.fill(&s.avi, p, aviKept)
			s.done = len(s.avi) == aviKept
		case s.inBox:
			p = s.pass(p)
		default:
			p = s.begin(p)
		}
	}
	return n, nil
}

// fill moves bytes from p to the end of b until that has size.
func (s *Sniffer) fill(b *[]byte, p []byte, size int) []byte {
	n := min(size-len(*b), len(p))
	*b = append(*b, p[:n]...)
	return p[n:]
}

// decide collects what tells the container, and starts over with it.
func (s *Sniffer) decide(p []byte) []byte {
	p = s.fill(&s.header, p, headBytes)
	if len(s.header) < headBytes {
		return p
	}
	s.settle()
	return p
}

// settle takes the beginning for what it is.
func (s *Sniffer) settle() {
	head := s.header
	s.header = nil
	s.shape = shapeOf(head)
	if s.shape == shapeNone {
		s.done = true
		return
	}
	s.Write(head) // not undecided any more: one level deep
}

// begin collects a box's header.
func (s *Sniffer) begin(p []byte) []byte {
	want := 8
	if len(s.header) >= 8 {
		want = headerMax
	}
	p = s.fill(&s.header, p, want)
	if len(s.header) < want {
		return p
	}
	h, ok := parseHeader(s.header)
	if !ok && want == 8 && isLong(s.header) {
		if len(p) == 0 {
			return p
		}
		return s.begin(p)
	}
	s.boxes++
	if !ok || s.boxes > boxesMax {
		s.done = true // without a whole moov: unreadable
		return p
	}
	s.header, s.box, s.left, s.inBox, s.keep = s.header[:0], h, h.body, true, nil
	switch {
	case !s.wanted(h.kind):
	case h.kind == "moov":
		s.keep = &s.moov
	default:
		s.ftyp = []byte{}
		s.keep = &s.ftyp
	}
	s.end()
	return p
}

// wanted reports that a box is kept: the first ftyp and the first moov, after
// which nothing is looked at.
func (s *Sniffer) wanted(kind string) bool {
	return keptOf(kind) > 0 && (kind != "ftyp" || s.ftyp == nil)
}

// pass takes or skips what belongs to the box.
func (s *Sniffer) pass(p []byte) []byte {
	n := int64(len(p))
	if !s.box.toEnd {
		n = min(n, s.left)
		s.left -= n
	}
	if s.keep != nil {
		if int64(len(*s.keep))+n > keptOf(s.box.kind) {
			*s.keep, s.done = nil, true
			return nil
		}
		*s.keep = append(*s.keep, p[:n]...)
	}
	s.end()
	return p[n:]
}

// end notices that the box is over.
func (s *Sniffer) end() {
	if s.box.toEnd || s.left > 0 {
		return
	}
	s.inBox = false
	if s.box.kind == "moov" {
		s.whole, s.done = true, true
	}
}

// Info is what was understood of the bytes written. It ends the recording:
// what is written afterwards is not looked at.
func (s *Sniffer) Info() (info Info) {
	defer func() {
		if recover() != nil { // the last wall: a camera's bytes never end the station
			info = Info{Status: StatusUnreadable}
		}
	}()
	if s.shape == shapeUndecided {
		s.settle() // a recording shorter than what tells the container
	}
	if s.inBox && !s.done { // the recording ended within a box
		s.whole = s.box.toEnd && s.keep == &s.moov
		if !s.box.toEnd && s.keep == &s.ftyp {
			s.ftyp = nil
		}
	}
	s.done = true
	switch {
	case s.shape == shapeRIFF:
		return describeAVI(s.avi)
	case s.shape == shapeBoxes && s.whole:
		return describeMovie(s.ftyp, s.moov)
	case s.shape == shapeBoxes:
		return describeMovie(s.ftyp, nil)
	}
	return Info{Status: StatusUnknown}
}
