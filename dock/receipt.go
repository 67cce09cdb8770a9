package dock

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"berth/hashing"
)

// Grade says how much a receipt proves.
type Grade string

// The grades of receipts.
const (
	// GradeRehashed: the station read the whole object back and hashed it.
	GradeRehashed Grade = "rehashed"
	// GradeAttested: version, size and the server's own checksum were read back.
	GradeAttested Grade = "attested"
)

// Receipt is proof, read back from a store, that it holds the sealed bytes.
// Its zero value proves nothing. Receipts come from NewReceipt, or from the
// journal, which alone may call RestoreReceipt (an architecture test says so).
type Receipt struct{ r ReceiptRecord }

// ReceiptRecord is a receipt's content, as the journal keeps it.
type ReceiptRecord struct {
	Store        StoreID        `json:"store"`
	Key          string         `json:"key"`
	Version      Version        `json:"version"`
	SealedSHA256 hashing.Digest `json:"sealed_sha256"`
	SizeBytes    int64          `json:"size"`
	Grade        Grade          `json:"grade"`
	Device       string         `json:"device"`
	SharesDevice bool           `json:"shares_device"`
	OnSpool      bool           `json:"on_spool"`
}

// ErrReceipt says that a store's answer does not make a receipt.
var ErrReceipt = errors.New("no receipt")

// NewReceipt reads everything that the store gives back for sealed and hashes
// it itself. It fails with ErrReceipt, wrapping a *hashing.Mismatch, if these
// are not the sealed bytes, and with the reader's error if they cannot be read.
func NewReceipt(store StoreID, place Place, sealed Sealed, version Version, back io.Reader) (Receipt, error) {
	if store == "" {
		return Receipt{}, fmt.Errorf("%w: the store has no identity", ErrReceipt)
	}
	flow := hashing.NewFlow()
	// One byte more than expected is enough to know that there is too much.
	if _, err := io.Copy(flow, io.LimitReader(back, sealed.SizeBytes+1)); err != nil {
		return Receipt{}, fmt.Errorf("read back %s: %w", sealed.Key, err)
	}
	if err := flow.Check("read back from the store", sealed.Digest, sealed.SizeBytes); err != nil {
		return Receipt{}, fmt.Errorf("%w: %w", ErrReceipt, err)
	}
	return Receipt{ReceiptRecord{
		Store: store, Key: sealed.Key, Version: version,
		SealedSHA256: sealed.Digest, SizeBytes: sealed.SizeBytes, Grade: GradeRehashed,
		Device: place.Device, SharesDevice: place.SharesDevice, OnSpool: place.OnSpool,
	}}, nil
}

// RestoreReceipt turns what the journal kept into a receipt again.
func RestoreReceipt(kept ReceiptRecord) Receipt { return Receipt{kept} }

// Record returns the receipt's content.
func (r Receipt) Record() ReceiptRecord { return r.r }

// Holding is where the copies of one sealed file are, as far as counting them
// goes: each store once, in an order that does not depend on when it answered.
type Holding []HeldCopy

// HeldCopy is one store's confirmed copy.
type HeldCopy struct {
	Store        StoreID `json:"store"`
	Device       string  `json:"device"`
	SharesDevice bool    `json:"shares_device"`
	OnSpool      bool    `json:"on_spool"`
	Grade        Grade   `json:"grade"`
}

// holdingOf keeps the receipts that speak of digest, one of each store.
func holdingOf(receipts []Receipt, digest hashing.Digest) Holding {
	var held Holding
	stores := map[StoreID]bool{}
	for _, receipt := range receipts {
		r := receipt.r
		if r.Store == "" || r.SealedSHA256 != digest || digest.IsZero() || stores[r.Store] {
			continue
		}
		stores[r.Store] = true
		held = append(held, HeldCopy{r.Store, r.Device, r.SharesDevice, r.OnSpool, r.Grade})
	}
	// Copies that stand on their own come first, so that one that may share
	// their device is counted beside them and not instead of them.
	slices.SortFunc(held, func(a, b HeldCopy) int {
		return cmp.Or(
			compareBool(a.SharesDevice, b.SharesDevice),
			compareBool(a.Grade != GradeRehashed, b.Grade != GradeRehashed),
			strings.Compare(string(a.Store), string(b.Store)))
	})
	return held
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// CopiesIn says how many copies these are where only the given stores count.
func (h Holding) CopiesIn(stores []StoreID) int {
	copies, _ := h.count(func(store StoreID) bool { return slices.Contains(stores, store) })
	return copies
}

// count says how many copies the holding amounts to: one per store, and one
// per device unless IT said that a shared device counts; none for a store on
// the spool's own device.
func (h Holding) count(counts func(StoreID) bool) (copies, rehashed int) {
	devices := map[string]bool{}
	for _, c := range h {
		if !counts(c.Store) || !c.SharesDevice && (c.OnSpool || devices[c.Device]) {
			continue
		}
		devices[c.Device] = true
		copies++
		if c.Grade == GradeRehashed {
			rehashed++
		}
	}
	return copies, rehashed
}

func everyStore(StoreID) bool { return true }
