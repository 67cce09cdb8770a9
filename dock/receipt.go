package dock

import (
	"errors"
	"fmt"
	"io"

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

// countCopies says how many copies the receipts amount to: one per store, and
// one per device unless IT said that a shared device counts; none for a store
// on the spool's own device. digest is what they must speak of.
func countCopies(receipts []Receipt, digest hashing.Digest) (copies, rehashed int) {
	devices := map[string]bool{}
	stores := map[StoreID]bool{}
	for _, receipt := range receipts {
		r := receipt.r
		if r.Store == "" || r.SealedSHA256 != digest || digest.IsZero() || stores[r.Store] {
			continue
		}
		if !r.SharesDevice && (r.OnSpool || devices[r.Device]) {
			continue
		}
		stores[r.Store], devices[r.Device] = true, true
		copies++
		if r.Grade == GradeRehashed {
			rehashed++
		}
	}
	return copies, rehashed
}
