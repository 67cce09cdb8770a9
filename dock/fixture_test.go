package dock

import (
	"bytes"
	"testing"
	"time"

	"berth/hashing"
)

const (
	nas   = StoreID("11111111-1111-4111-8111-111111111111")
	cloud = StoreID("22222222-2222-4222-8222-222222222222")
)

var (
	content     = []byte("what the camera recorded")
	sealedBytes = []byte("what was sealed")
	shot        = time.Date(2026, 2, 28, 22, 15, 0, 0, time.UTC)
)

func sealed() Sealed {
	return Sealed{Key: "hq/2026/03/01/x.sealed", Digest: hashing.Sum(sealedBytes), SizeBytes: int64(len(sealedBytes))}
}

func at(minutes int) Instant {
	return Instant{Wall: shot, Boot: "boot-1", SinceBoot: time.Duration(minutes) * time.Minute}
}

// receiptOf reads a good answer back.
func receiptOf(t testing.TB, store StoreID, place Place) Receipt {
	t.Helper()
	r, err := NewReceipt(store, place, sealed(), "v1", bytes.NewReader(sealedBytes))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// history numbers bodies as the journal would, a minute apart.
func history(bodies ...FactBody) []Fact {
	facts := make([]Fact, len(bodies))
	for i, body := range bodies {
		facts[i] = Fact{Seq: int64(i + 1), Recording: "r1", Docking: "d1", At: at(i), Body: body}
	}
	return facts
}

func seenBody() Seen {
	return Seen{Name: "MOV_0001.MP4", SizeBytes: int64(len(content)), Modified: &shot, Copies: 2}
}

func intentBody() SpoolIntent {
	return SpoolIntent{
		Key: sealed().Key, SHA256: hashing.Sum(content), SizeBytes: int64(len(content)),
		Sealed: sealed().Digest, SealedBytes: sealed().SizeBytes, Object: "object-1",
	}
}

func spooledBody() Spooled { return Spooled{Sealed: sealed().Digest} }

func earned(t testing.TB, store StoreID, place Place) ReceiptEarned {
	return ReceiptEarned{Receipt: receiptOf(t, store, place).Record()}
}

func storedFacts(t testing.TB) []FactBody {
	return []FactBody{
		seenBody(), intentBody(), spooledBody(),
		earned(t, nas, Place{Device: "disk-1"}), earned(t, cloud, Place{Device: "disk-2"}),
	}
}

func secondReadBody() SecondRead {
	return SecondRead{SHA256: hashing.Sum(content), SizeBytes: int64(len(content)), Object: "object-1"}
}

func entryOf() Entry {
	return Entry{Handle: "handle-1", Name: "MOV_0001.MP4", SizeBytes: int64(len(content)), Modified: shot, Identity: "object-1"}
}
