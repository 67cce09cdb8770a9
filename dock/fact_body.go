package dock

import (
	"encoding/json"
	"fmt"
)

func (Seen) Kind() FactKind           { return KindSeen }
func (SpoolIntent) Kind() FactKind    { return KindSpoolIntent }
func (Spooled) Kind() FactKind        { return KindSpooled }
func (ReceiptEarned) Kind() FactKind  { return KindReceipt }
func (ReceiptRevoked) Kind() FactKind { return KindReceiptRevoked }
func (SecondRead) Kind() FactKind     { return KindSecondRead }
func (Hold) Kind() FactKind           { return KindHold }
func (Release) Kind() FactKind        { return KindRelease }
func (EraseIntent) Kind() FactKind    { return KindEraseIntent }
func (EraseResult) Kind() FactKind    { return KindEraseResult }
func (Vanished) Kind() FactKind       { return KindVanished }
func (SpoolReleased) Kind() FactKind  { return KindSpoolReleased }

// Personal returns the raw name.
func (b Seen) Personal() map[string]string { return map[string]string{"name": string(b.Name)} }

// Personal returns who asked, and why.
func (b Hold) Personal() map[string]string { return map[string]string{"by": b.By, "text": b.Text} }

// Personal returns who lifted the hold, and why.
func (b Release) Personal() map[string]string { return map[string]string{"by": b.By, "text": b.Text} }

func (b Seen) WithPersonal(f map[string]string) FactBody {
	b.Name = RawName(f["name"])
	return b
}

func (b Hold) WithPersonal(f map[string]string) FactBody {
	b.By, b.Text = f["by"], f["text"]
	return b
}

func (b Release) WithPersonal(f map[string]string) FactBody {
	b.By, b.Text = f["by"], f["text"]
	return b
}

func (SpoolIntent) Personal() map[string]string { return nil }

func (b SpoolIntent) WithPersonal(map[string]string) FactBody    { return b }
func (b Spooled) WithPersonal(map[string]string) FactBody        { return b }
func (b ReceiptEarned) WithPersonal(map[string]string) FactBody  { return b }
func (b ReceiptRevoked) WithPersonal(map[string]string) FactBody { return b }
func (b SecondRead) WithPersonal(map[string]string) FactBody     { return b }
func (b EraseIntent) WithPersonal(map[string]string) FactBody    { return b }
func (b EraseResult) WithPersonal(map[string]string) FactBody    { return b }
func (b Vanished) WithPersonal(map[string]string) FactBody       { return b }
func (b SpoolReleased) WithPersonal(map[string]string) FactBody  { return b }

// DecodeFact is the inverse of encoding a body as JSON.
func DecodeFact(kind FactKind, body []byte) (FactBody, error) {
	switch kind {
	case KindSeen:
		return decode[Seen](kind, body)
	case KindSpoolIntent:
		return decode[SpoolIntent](kind, body)
	case KindSpooled:
		return decode[Spooled](kind, body)
	case KindReceipt:
		return decode[ReceiptEarned](kind, body)
	case KindReceiptRevoked:
		return decode[ReceiptRevoked](kind, body)
	case KindSecondRead:
		return decode[SecondRead](kind, body)
	case KindHold:
		return decode[Hold](kind, body)
	case KindRelease:
		return decode[Release](kind, body)
	case KindEraseIntent:
		return decode[EraseIntent](kind, body)
	case KindEraseResult:
		return decode[EraseResult](kind, body)
	case KindVanished:
		return decode[Vanished](kind, body)
	case KindSpoolReleased:
		return decode[SpoolReleased](kind, body)
	}
	return nil, fmt.Errorf("decode fact: unknown kind %q", kind)
}

func decode[B FactBody](kind FactKind, body []byte) (FactBody, error) {
	var b B
	if err := json.Unmarshal(body, &b); err != nil {
		return nil, fmt.Errorf("decode fact %s: %w", kind, err)
	}
	return b, nil
}
