package seal_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"berth/ingest/seal"
)

// mustRefuse opens sealed with the right key and wants ErrIntegrity, and no
// content before it.
func mustRefuse(t *testing.T, what string, sealed []byte, key seal.PrivateKey) {
	t.Helper()
	if _, content, err := open(sealed, key); !errors.Is(err, seal.ErrIntegrity) {
		t.Errorf("%s: error %v after %d bytes of content", what, err, len(content))
	}
}

func TestNoFlippedBitGoesUnnoticed(t *testing.T) {
	key := private(t, "agency.key.pem")
	sealed := sealParts(t, []byte("forty bytes of content, and then padding"), recipient(t, "agency.pub.pem"), recipient(t, "escrow.pub.pem")).join(t, signer(t))
	random := rand.New(rand.NewPCG(1, 2))
	for at := 0; at < len(sealed); at += 1 + random.IntN(12) {
		altered := bytes.Clone(sealed)
		altered[at] ^= 1 << random.IntN(8)
		if _, _, err := open(altered, key); !errors.Is(err, seal.ErrIntegrity) {
			t.Fatalf("bit in byte %d flipped: error %v", at, err)
		}
	}
}

// The station's signature hides every other guard. Here somebody who may sign
// changes one bit and signs again: what was sealed must still be whole.
func TestNoFlippedBitIsCoveredByANewSignature(t *testing.T) {
	key, s := private(t, "agency.key.pem"), signer(t)
	sealed := sealParts(t, []byte("forty bytes of content, and then padding"), recipient(t, "agency.pub.pem"), recipient(t, "other.pub.pem")).join(t, s)
	before := sealed[:len(sealed)-seal.Block]
	jweEnd := 56 + int(binary.BigEndian.Uint32(before[20:]))
	const segment = 4096
	random := rand.New(rand.NewPCG(3, 4))
	for name, region := range map[string]struct{ from, to, step int }{
		"fixed header":      {0, 56, 1},
		"key envelope":      {56, jweEnd, 3},
		"metadata":          {jweEnd, segment, 61},
		"end of the header": {segment - 20, segment, 1},
		"segment":           {segment, segment + 12 + 40 + 16, 1},
		"padding":           {segment + 12 + 40 + 16, segment + 4096, 97},
		"end of padding":    {segment + 4095, segment + 4096, 1},
		"closing record":    {segment + 4096, segment + 8192, 61},
		"closing tag":       {segment + 8192 - 17, segment + 8192, 1},
	} {
		for at := region.from; at < region.to; at += region.step {
			altered := bytes.Clone(before)
			altered[at] ^= 1 << random.IntN(8)
			if _, content, err := open(sign(t, altered, s), key); !errors.Is(err, seal.ErrIntegrity) && !errors.Is(err, seal.ErrWrongKey) || len(content) > 0 {
				t.Fatalf("%s: bit in byte %d flipped and signed again: error %v, content %q", name, at, err, content)
			}
		}
	}
}

func TestEverySignatureBlockBitIsChecked(t *testing.T) {
	sealed := sealParts(t, nil, recipient(t, "agency.pub.pem")).join(t, signer(t))
	key := private(t, "agency.key.pem")
	for bit := range 300 * 8 {
		altered := bytes.Clone(sealed)
		altered[len(sealed)-seal.Block+bit/8] ^= 1 << (bit % 8)
		mustRefuse(t, "signature block", altered, key)
		if t.Failed() {
			t.Fatalf("bit %d", bit)
		}
	}
}

func TestSegmentsCannotBeMoved(t *testing.T) {
	key, agency, s := private(t, "agency.key.pem"), recipient(t, "agency.pub.pem"), signer(t)
	content := randomContent(4*seal.SegmentPlain + 10)
	p := sealParts(t, content, agency)
	other := sealParts(t, content, agency)
	a, b, c, d, last := p.segments[0], p.segments[1], p.segments[2], p.segments[3], p.segments[4]
	zero := make([]byte, seal.SegmentBytes)
	for name, segments := range map[string][][]byte{
		"swapped":          {a, c, b, d, last},
		"dropped first":    {b, c, d, last},
		"dropped middle":   {a, b, d, last},
		"dropped last":     {a, b, c, d},
		"dropped all":      {},
		"repeated":         {a, b, b, c, d, last},
		"replaced by copy": {a, b, b, d, last},
		"appended":         {a, b, c, d, last, last},
		"of another file":  {a, b, other.segments[2], d, last},
		"zeroed":           {a, b, zero, d, last},
		"last not last":    {a, b, c, last, d},
	} {
		mustRefuse(t, name, parts{p.header, segments, p.closing}.join(t, s), key)
	}
	mustRefuse(t, "closing of another file", parts{p.header, p.segments, other.closing}.join(t, s), key)
	mustRefuse(t, "header of another file", parts{other.header, p.segments, p.closing}.join(t, s), key)
	mustRefuse(t, "no closing", parts{p.header, p.segments, nil}.join(t, s), key)
	mustRefuse(t, "block of zeros before the closing", parts{p.header, append(slices.Clone(p.segments), zero[:seal.Block]), p.closing}.join(t, s), key)
	if _, _, err := open(p.join(t, s), key); err != nil {
		t.Fatalf("the file itself: %v", err)
	}
}

func TestTruncationAtAnyByteIsRefused(t *testing.T) {
	key, s := private(t, "agency.key.pem"), signer(t)
	p := sealParts(t, randomContent(3*seal.Block), recipient(t, "agency.pub.pem"))
	sealed := p.join(t, s)
	random := rand.New(rand.NewPCG(5, 6))
	for n := 0; n < len(sealed); n += 1 + random.IntN(8) {
		if _, _, err := open(sealed[:n], key); !errors.Is(err, seal.ErrIntegrity) {
			t.Fatalf("cut to %d bytes: error %v", n, err)
		}
	}
	for n := 0; n < len(sealed); n += seal.Block {
		mustRefuse(t, "cut to whole blocks", sealed[:n], key)
		mustRefuse(t, "cut and signed again", sign(t, sealed[:n], s), key)
		mustRefuse(t, "cut, closed and signed again", sign(t, append(bytes.Clone(sealed[:n]), p.closing...), s), key)
		if n == len(sealed)-3*seal.Block { // the next one would be the file itself
			break
		}
	}
	mustRefuse(t, "longer", append(bytes.Clone(sealed), 0), key)
	mustRefuse(t, "a block longer", append(bytes.Clone(sealed), make([]byte, seal.Block)...), key)
}

// The file shrinks or grows after its size was taken.
func TestSizeThatIsNotTrueIsRefused(t *testing.T) {
	sealed := sealParts(t, []byte("x"), recipient(t, "agency.pub.pem")).join(t, signer(t))
	for _, size := range []int64{-1, 0, 1, int64(len(sealed)) - 4096, int64(len(sealed)) + 4096, 1 << 62} {
		if _, err := seal.Inspect(bytes.NewReader(sealed), size); !errors.Is(err, seal.ErrIntegrity) {
			t.Errorf("size %d: error %v", size, err)
		}
	}
}

type failing struct{ err error }

func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }

func TestReadErrorIsNoIntegrityFailure(t *testing.T) {
	broken := errors.New("medium failed")
	if _, err := seal.Inspect(failing{broken}, 1<<20); !errors.Is(err, broken) || errors.Is(err, seal.ErrIntegrity) {
		t.Errorf("error %v", err)
	}
}
