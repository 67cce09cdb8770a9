package dock

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"berth/hashing"
)

// everyBody is one body of every kind with every field filled.
func everyBody(t testing.TB) []FactBody {
	millis, created := int64(1500), shot
	seen := seenBody()
	seen.Known, seen.Replaces = true, "r0"
	intent := intentBody()
	intent.DirectIO, intent.Resumed = true, 2
	intent.Media = Media{Status: "read", Container: "mp4", Codecs: []string{"avc1", "mp4a"}, DurationMillis: &millis, Created: &created}
	receipt := earned(t, nas, Place{Device: "disk-1", SharesDevice: true, OnSpool: true})
	return []FactBody{
		seen, intent, spooledBody(), receipt, ReceiptRevoked{Store: nas, Reason: "gone"}, secondReadBody(),
		Hold{Code: HoldReappeared, By: "Sgt. Angua", Text: "case 9"}, Release{By: "Sgt. Angua", Text: "closed"},
		EraseIntent{Object: "o", SHA256: hashing.Sum(content), Generation: 9},
		EraseResult{Outcome: EraseFailed, Detail: "busy"}, Vanished{Reason: VanishOverwritten}, SpoolReleased{},
	}
}

func TestEveryBodyComesBackFromItsEncoding(t *testing.T) {
	kinds := map[FactKind]bool{}
	for _, body := range everyBody(t) {
		kinds[body.Kind()] = true
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeFact(body.Kind(), text)
		if err != nil {
			t.Fatal(err)
		}
		if full := back.WithPersonal(body.Personal()); !reflect.DeepEqual(full, body) {
			t.Errorf("%s: %+v came back as %+v", body.Kind(), body, full)
		}
	}
	if len(kinds) != 12 {
		t.Fatalf("%d kinds of facts tested", len(kinds))
	}
}

func TestEveryBodyIsCanonical(t *testing.T) {
	for _, body := range everyBody(t) {
		if _, err := hashing.Canonical(body); err != nil {
			t.Errorf("%s: %v", body.Kind(), err)
		}
	}
}

func TestNothingPersonalIsInTheEncoding(t *testing.T) {
	personal := 0
	for _, body := range everyBody(t) {
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		for field, value := range body.Personal() {
			personal++
			if value == "" || bytes.Contains(text, []byte(value)) {
				t.Errorf("%s: %s is in %s", body.Kind(), field, text)
			}
		}
	}
	if personal != 5 {
		t.Fatalf("%d personal fields; every new one needs a thought", personal)
	}
}

func TestForgottenFieldsStayEmpty(t *testing.T) {
	for _, body := range everyBody(t) {
		forgotten := body.WithPersonal(nil)
		for field, value := range forgotten.Personal() {
			if value != "" {
				t.Errorf("%s: %s is still %q", body.Kind(), field, value)
			}
		}
		if forgotten.Kind() != body.Kind() {
			t.Errorf("%s became %s", body.Kind(), forgotten.Kind())
		}
	}
}

func TestUnknownIsNullAndNotZero(t *testing.T) {
	for _, body := range []FactBody{Seen{}, SpoolIntent{}} {
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		for _, field := range []string{"modified", "duration_ms", "created"} {
			if bytes.Contains(text, []byte(`"`+field+`":`)) && !bytes.Contains(text, []byte(`"`+field+`":null`)) {
				t.Errorf("%s: %s", field, text)
			}
		}
	}
}

func TestDecodeRefusesWhatIsNoFact(t *testing.T) {
	for _, kind := range []FactKind{"", "statement", "Seen"} {
		if body, err := DecodeFact(kind, []byte("{}")); err == nil {
			t.Errorf("%q became %+v", kind, body)
		}
	}
	for _, body := range everyBody(t) {
		if _, err := DecodeFact(body.Kind(), []byte(`["x"]`)); err == nil {
			t.Errorf("%s came out of a list", body.Kind())
		}
	}
}

func TestSeenSurvivesAnyNameAndTime(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		e := Entry{Modified: time.Unix(rapid.Int64().Draw(rt, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(rt, "nanos"))}
		body := Seen{Name: RawName(rapid.SliceOf(rapid.Byte()).Draw(rt, "name")), Modified: ModifiedOf(e)}
		text, err := json.Marshal(body)
		if err != nil {
			rt.Fatal(err)
		}
		back, err := DecodeFact(KindSeen, text)
		if err != nil || !reflect.DeepEqual(back.WithPersonal(body.Personal()), FactBody(body)) {
			rt.Fatalf("%+v came back as %+v: %v", body, back, err)
		}
	})
}
