package seal_test

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"

	"berth/hashing"
	"berth/ingest/seal"
)

func TestWhatWasSealedComesBack(t *testing.T) {
	agency, key := recipient(t, "agency.pub.pem"), private(t, "agency.key.pem")
	for name, size := range map[string]int{
		"empty": 0, "one byte": 1, "padding of one byte": seal.Block - 29, "no padding": seal.Block - 28, "a block and a byte": seal.Block - 27,
		"one segment but a byte": seal.SegmentPlain - 1, "exactly one segment": seal.SegmentPlain, "one byte over": seal.SegmentPlain + 1,
		"exactly two segments": 2 * seal.SegmentPlain,
	} {
		t.Run(name, func(t *testing.T) {
			content := randomContent(size)
			p := sealParts(t, content, agency)
			sealed := p.join(t, signer(t))
			if want := seal.SealedBytes(len(p.header), int64(size)); int64(len(sealed)) != want || want%seal.Block != 0 {
				t.Fatalf("sealed file of %d bytes, want %d", len(sealed), want)
			}
			reader, back, err := open(sealed, key)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(back, content) {
				t.Error("other content came back")
			}
			if got, want := reader.Metadata(), metadata(int64(size)); !reflect.DeepEqual(got, want) {
				t.Errorf("metadata %+v, want %+v", got, want)
			}
			if got, want := reader.Closing(), closing(content); !reflect.DeepEqual(got, want) {
				t.Errorf("closing %+v, want %+v", got, want)
			}
			if reader.Digest() != hashing.Sum(sealed) {
				t.Error("the digest is not that of the sealed file")
			}
			station, id, public := reader.Signer()
			if station != "hq-dock-1" || id != seal.StationKeyID(public) || !public.Equal(signer(t).Public()) {
				t.Errorf("signed by %s, %s", station, id)
			}
		})
	}
}

func TestEveryRecipientOpensAlone(t *testing.T) {
	content := randomContent(100)
	sealed := sealParts(t, content, recipient(t, "agency.pub.pem"), recipient(t, "escrow.crt.pem"), recipient(t, "other.pub.pem")).join(t, signer(t))
	for _, name := range []string{"agency.key.pem", "escrow.key.pem", "other.key.pem"} {
		if _, back, err := open(sealed, private(t, name)); err != nil || !bytes.Equal(back, content) {
			t.Errorf("%s: %v", name, err)
		}
	}
	envelope, err := seal.Inspect(bytes.NewReader(sealed), int64(len(sealed)))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{recipient(t, "agency.pub.pem").Fingerprint(), recipient(t, "escrow.pub.pem").Fingerprint(), recipient(t, "other.pub.pem").Fingerprint()}
	if !reflect.DeepEqual(envelope.Recipients, want) {
		t.Errorf("recipients %v, want %v", envelope.Recipients, want)
	}
}

func TestWrongKeyIsToldFromAnAlteredFile(t *testing.T) {
	agency := recipient(t, "agency.pub.pem")
	sealed := sealParts(t, []byte("content"), agency).join(t, signer(t))
	for name, keys := range map[string][]seal.PrivateKey{"other": {private(t, "other.key.pem")}, "two": {private(t, "other.key.pem"), private(t, "escrow.key.pem")}, "none": nil, "zero": {{}}} {
		_, _, err := open(sealed, keys...)
		var wrong *seal.WrongKey
		if !errors.As(err, &wrong) || !errors.Is(err, seal.ErrWrongKey) || errors.Is(err, seal.ErrIntegrity) {
			t.Errorf("%s: error %v", name, err)
			continue
		}
		if want := "the key is not one of the 1 recipient (" + agency.Fingerprint() + ")"; err.Error() != want {
			t.Errorf("%s: %q, want %q", name, err, want)
		}
	}
	sealed[len(sealed)-seal.Block-1] ^= 1
	if _, _, err := open(sealed, private(t, "other.key.pem")); !errors.Is(err, seal.ErrIntegrity) {
		t.Errorf("altered file with a wrong key: %v", err)
	}
	sealed[len(sealed)-seal.Block-1] ^= 1
	if _, _, err := open(sealed, private(t, "other.key.pem"), private(t, "agency.key.pem")); err != nil {
		t.Errorf("a right key beside a wrong one: %v", err)
	}
}

func TestSegmentsAreSealedAndReadBackInAnyOrderAtOnce(t *testing.T) {
	content := randomContent(3*seal.SegmentPlain + 5)
	file, err := seal.NewFile([]seal.Recipient{recipient(t, "agency.pub.pem")}, metadata(int64(len(content))))
	if err != nil {
		t.Fatal(err)
	}
	segments := make([][]byte, 4)
	var group sync.WaitGroup
	for _, index := range []int64{3, 0, 2, 1} {
		group.Go(func() {
			plain := content[index*seal.SegmentPlain:]
			plain = plain[:min(len(plain), seal.SegmentPlain)]
			stored, err := file.Seal(make([]byte, 0, seal.SegmentBytes), plain, index)
			if err != nil {
				t.Error(err)
				return
			}
			back, err := file.Unseal(make([]byte, 0, seal.SegmentPlain), stored, index, len(plain))
			if err != nil || !bytes.Equal(back, plain) {
				t.Errorf("segment %d came back wrong: %v", index, err)
			}
			segments[index] = stored
		})
	}
	group.Wait()
	last, err := file.Closing(closing(content))
	if err != nil {
		t.Fatal(err)
	}
	_, back, err := open(parts{file.Header(), segments, last}.join(t, signer(t)), private(t, "agency.key.pem"))
	if err != nil || !bytes.Equal(back, content) {
		t.Errorf("opened wrong: %v", err)
	}
}

func TestReusedBufferLeavesNothingInThePadding(t *testing.T) {
	file, err := seal.NewFile([]seal.Recipient{recipient(t, "agency.pub.pem")}, metadata(1))
	if err != nil {
		t.Fatal(err)
	}
	stored, err := file.Seal(bytes.Repeat([]byte{0xaa}, seal.SegmentBytes), []byte("x"), 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Unseal(nil, stored, 0, 1); err != nil {
		t.Error(err)
	}
}

func TestUnsealRefusesAnythingElseThanWasWritten(t *testing.T) {
	file, err := seal.NewFile([]seal.Recipient{recipient(t, "agency.pub.pem")}, metadata(5))
	if err != nil {
		t.Fatal(err)
	}
	stored, err := file.Seal(nil, []byte("hello"), 7)
	if err != nil {
		t.Fatal(err)
	}
	flipped := func(at int) []byte {
		b := bytes.Clone(stored)
		b[at] ^= 0x10
		return b
	}
	for name, try := range map[string]struct {
		stored []byte
		index  int64
		plain  int
	}{
		"nonce": {flipped(0), 7, 5}, "content": {flipped(14), 7, 5}, "tag": {flipped(32), 7, 5}, "padding": {flipped(33), 7, 5}, "end of padding": {flipped(4095), 7, 5},
		"other index": {stored, 6, 5}, "less content": {stored, 7, 4}, "more content": {stored, 7, 6}, "no content": {stored, 7, 0},
		"cut": {stored[:4095], 7, 5}, "longer": {append(bytes.Clone(stored), 0), 7, 5}, "nothing": {nil, 7, 5},
	} {
		if _, err := file.Unseal(nil, try.stored, try.index, try.plain); !errors.Is(err, seal.ErrIntegrity) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestWriterRefusesWhatCannotBe(t *testing.T) {
	agency := recipient(t, "agency.pub.pem")
	for name, recipients := range map[string][]seal.Recipient{"none": nil, "twice": {agency, agency}, "zero": {{}}, "33": make([]seal.Recipient, 33)} {
		if _, err := seal.NewFile(recipients, metadata(1)); err == nil {
			t.Errorf("%s recipients: taken", name)
		}
	}
	huge := metadata(1)
	huge.Name = []byte(strings.Repeat("x", 300_000))
	if _, err := seal.NewFile([]seal.Recipient{agency}, huge); err == nil || !strings.Contains(err.Error(), "header of") {
		t.Errorf("a header beyond the cap: %v", err)
	}
	file, err := seal.NewFile([]seal.Recipient{agency}, metadata(1))
	if err != nil {
		t.Fatal(err)
	}
	for name, plain := range map[string][]byte{"empty": nil, "too long": make([]byte, seal.SegmentPlain+1)} {
		if _, err := file.Seal(nil, plain, 0); err == nil {
			t.Errorf("%s segment: sealed", name)
		}
	}
	if _, err := file.Seal(nil, []byte("x"), -1); err == nil {
		t.Error("index -1: sealed")
	}
	for name, change := range map[string]func(*seal.Closing){
		"segments": func(c *seal.Closing) { c.Segments++ }, "no digest": func(c *seal.Closing) { c.SHA256 = hashing.Digest{} }, "size": func(c *seal.Closing) { c.SizeBytes = -1 },
	} {
		c := closing([]byte("x"))
		change(&c)
		if _, err := file.Closing(c); err == nil {
			t.Errorf("closing record with wrong %s: written", name)
		}
	}
}

func TestContentEndsWithItsContext(t *testing.T) {
	sealed := sealParts(t, []byte("content"), recipient(t, "agency.pub.pem")).join(t, signer(t))
	reader, _, err := open(sealed, private(t, "agency.key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out bytes.Buffer
	if err := reader.Content(ctx, &out); !errors.Is(err, context.Canceled) || out.Len() > 0 {
		t.Errorf("%d bytes, error %v", out.Len(), err)
	}
	if _, err := seal.Open(ctx, bytes.NewReader(sealed), int64(len(sealed))); !errors.Is(err, context.Canceled) {
		t.Errorf("Open: %v", err)
	}
}
