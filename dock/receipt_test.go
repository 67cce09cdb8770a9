package dock

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"berth/hashing"
)

func TestReceiptOfTheSealedBytes(t *testing.T) {
	r := receiptOf(t, nas, Place{Device: "disk-1", OnSpool: true, SharesDevice: true}).Record()
	want := ReceiptRecord{
		Store: nas, Key: sealed().Key, Version: "v1", SealedSHA256: hashing.Sum(sealedBytes), SizeBytes: int64(len(sealedBytes)),
		Grade: GradeRehashed, Device: "disk-1", OnSpool: true, SharesDevice: true,
	}
	if r != want || RestoreReceipt(r).Record() != want {
		t.Fatalf("%+v", r)
	}
}

func TestNoReceiptForOtherBytes(t *testing.T) {
	flipped := bytes.Clone(sealedBytes)
	flipped[3] ^= 1
	endless := io.MultiReader(bytes.NewReader(sealedBytes), zeros{})
	for name, back := range map[string]io.Reader{
		"short": bytes.NewReader(sealedBytes[1:]), "long": bytes.NewReader(append(bytes.Clone(sealedBytes), 0)), "endless": endless,
		"one bit": bytes.NewReader(flipped), "nothing": bytes.NewReader(nil),
	} {
		r, err := NewReceipt(nas, Place{Device: "disk-1"}, sealed(), "", back)
		var mismatch *hashing.Mismatch
		if !errors.Is(err, ErrReceipt) || !errors.As(err, &mismatch) || r != (Receipt{}) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestNoReceiptWhereReadingBackFails(t *testing.T) {
	_, err := NewReceipt(nas, Place{}, sealed(), "", iotest.ErrReader(io.ErrClosedPipe))
	if !errors.Is(err, io.ErrClosedPipe) || errors.Is(err, ErrReceipt) {
		t.Fatalf("got %v", err)
	}
}

func TestNoReceiptWithoutADigestOrAStore(t *testing.T) {
	empty := Sealed{Key: "k"}
	if _, err := NewReceipt(nas, Place{}, empty, "", bytes.NewReader(nil)); !errors.Is(err, ErrReceipt) {
		t.Fatalf("got %v", err)
	}
	if _, err := NewReceipt("", Place{}, sealed(), "", bytes.NewReader(sealedBytes)); !errors.Is(err, ErrReceipt) {
		t.Fatalf("got %v", err)
	}
}

func TestCopiesAreCountedOncePerStoreAndDevice(t *testing.T) {
	copyOf := func(store StoreID, device string, shares, onSpool bool) Receipt {
		return receiptOf(t, store, Place{Device: device, SharesDevice: shares, OnSpool: onSpool})
	}
	wrong := copyOf("c", "3", false, false)
	wrong.r.SealedSHA256 = hashing.Sum(nil)
	for name, c := range map[string]struct {
		receipts []Receipt
		want     int
	}{
		"none":                             {nil, 0},
		"two stores, two devices":          {[]Receipt{copyOf("a", "1", false, false), copyOf("b", "2", false, false)}, 2},
		"one store twice":                  {[]Receipt{copyOf("a", "1", false, false), copyOf("a", "2", false, false)}, 1},
		"two stores on one device":         {[]Receipt{copyOf("a", "1", false, false), copyOf("b", "1", false, false)}, 1},
		"one of them may share":            {[]Receipt{copyOf("a", "1", false, false), copyOf("b", "1", true, false)}, 2},
		"the other of them may share":      {[]Receipt{copyOf("a", "1", true, false), copyOf("b", "1", false, false)}, 2},
		"on the spool's device":            {[]Receipt{copyOf("a", "1", false, true)}, 0},
		"on the spool's device, by IT":     {[]Receipt{copyOf("a", "1", true, true)}, 1},
		"of other bytes":                   {[]Receipt{copyOf("a", "1", false, false), wrong}, 1},
		"of a store without identity":      {[]Receipt{{ReceiptRecord{SealedSHA256: sealed().Digest, Device: "1", Grade: GradeRehashed}}}, 0},
		"the zero receipt":                 {[]Receipt{{}}, 0},
		"unknown devices may be one":       {[]Receipt{copyOf("a", "", false, false), copyOf("b", "", false, false)}, 1},
		"a spool copy takes no one's turn": {[]Receipt{copyOf("a", "1", false, true), copyOf("b", "1", false, false)}, 1},
	} {
		got, rehashed := holdingOf(c.receipts, sealed().Digest).count(everyStore)
		if got != c.want || rehashed != c.want {
			t.Errorf("%s: %d copies, %d rehashed, want %d", name, got, rehashed, c.want)
		}
	}
	if got, _ := holdingOf([]Receipt{{ReceiptRecord{Store: nas, Device: "1"}}}, hashing.Digest{}).count(everyStore); got != 0 {
		t.Error("a receipt of nothing counts for nothing sealed")
	}
}

func TestAttestedCopyOnADeviceDoesNotHideTheRehashedOne(t *testing.T) {
	a, b := receiptOf(t, nas, Place{Device: "1"}), receiptOf(t, cloud, Place{Device: "1"})
	a.r.Grade = GradeAttested
	if copies, rehashed := holdingOf([]Receipt{a, b}, sealed().Digest).count(everyStore); copies != 1 || rehashed != 1 {
		t.Fatalf("%d copies, %d rehashed", copies, rehashed)
	}
}

func TestCopiesInCountsOnlyTheGivenStores(t *testing.T) {
	h := Recording{Facts: history(storedFacts(t)...)}.Holding()
	for want, stores := range [][]StoreID{nil, {nas}, {nas, cloud, "another"}} {
		if got := h.CopiesIn(stores); got != want {
			t.Errorf("in %v: %d copies, want %d", stores, got, want)
		}
	}
}

// TestCopiesDoNotDependOnTheOrderOfAnswers and never fall when one is added.
func TestCopiesDoNotDependOnTheOrderOfAnswers(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		receipts := rapid.SliceOfNDistinct(rapid.Custom(func(rt *rapid.T) Receipt {
			return Receipt{ReceiptRecord{
				Store: StoreID(rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(rt, "store")), SealedSHA256: sealed().Digest, Grade: GradeRehashed,
				Device: rapid.SampledFrom([]string{"1", "2"}).Draw(rt, "device"), SharesDevice: rapid.Bool().Draw(rt, "shares"), OnSpool: rapid.Bool().Draw(rt, "spool"),
			}}
		}), 0, 4, func(r Receipt) StoreID { return r.r.Store }).Draw(rt, "receipts")
		got, _ := holdingOf(receipts, sealed().Digest).count(everyStore)
		shuffled := rapid.Permutation(receipts).Draw(rt, "shuffled")
		if again, _ := holdingOf(shuffled, sealed().Digest).count(everyStore); again != got {
			rt.Fatalf("%d copies, then %d", got, again)
		}
		if len(receipts) > 0 {
			if fewer, _ := holdingOf(receipts[1:], sealed().Digest).count(everyStore); fewer > got {
				rt.Fatalf("%d copies without one of them, %d with it", fewer, got)
			}
		}
	})
}
