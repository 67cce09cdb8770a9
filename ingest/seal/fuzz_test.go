package seal

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"os"
	"testing"

	"berth/hashing"
)

func addVectors(f *testing.F) {
	for _, name := range []string{"empty.sealed", "small.sealed"} {
		sealed, err := os.ReadFile("testdata/vectors/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(sealed)
	}
}

func FuzzInspectRefusesOrIsBounded(f *testing.F) {
	addVectors(f)
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, file []byte) {
		e, err := Inspect(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			if !errors.Is(err, ErrIntegrity) {
				t.Fatalf("error %v", err)
			}
			return
		}
		if e.HeaderBytes > maxHeader || len(e.Recipients) > maxRecipients || SealedBytes(e.HeaderBytes, 0) > e.SizeBytes {
			t.Fatalf("%+v", e)
		}
		if _, err := e.Open(); err == nil {
			t.Fatal("opened without a key and unverified")
		}
	})
}

func FuzzKeyEnvelopeParsesToItself(f *testing.F) {
	f.Add(testEnvelope(f))
	f.Add([]byte(`{"ciphertext":"","iv":"","protected":"","recipients":[{"encrypted_key":"","header":{"alg":"","kid":""}}],"tag":""}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := parseEnvelope(text)
		if err != nil {
			return
		}
		again, err := hashing.Canonical(e)
		if err != nil || !bytes.Equal(again, text) {
			t.Fatalf("%s encodes again as %s, %v", text, again, err)
		}
	})
}

func FuzzSignatureBlockParsesToItself(f *testing.F) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	block, err := NewSigner("hq-dock-1", key).Block(hashing.Sum(nil))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(block[:atZeros])
	f.Fuzz(func(t *testing.T, start []byte) {
		block := make([]byte, Block)
		copy(block, start)
		s, err := parseSignature(block)
		if err != nil {
			return
		}
		again := make([]byte, Block)
		copy(again, signatureMagic)
		copy(again[atStation:], s.station)
		copy(again[atKeyID:], s.keyID[:])
		copy(again[atPublicKey:], s.public)
		copy(again[atSignature:], s.block[atSignature:atZeros])
		if !bytes.Equal(again, block) {
			t.Fatalf("%x encodes again as %x", block[:atZeros], again[:atZeros])
		}
	})
}

func FuzzClosingRecordParsesToItself(f *testing.F) {
	text, err := hashing.Canonical(Closing{}.sealable())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		framed := make([]byte, Block-sealOverhead)
		if len(text) > len(framed)-4 {
			return
		}
		framed[2], framed[3] = byte(len(text)>>8), byte(len(text))
		copy(framed[4:], text)
		var c Closing
		if unframe(framed, &c) != nil {
			return
		}
		again, err := frame(c, len(framed))
		if err != nil || !bytes.Equal(again, framed) {
			t.Fatalf("%s encodes again as %s, %v", text, again, err)
		}
	})
}
