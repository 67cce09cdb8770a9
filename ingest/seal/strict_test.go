package seal

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"berth/hashing"
)

func testRecipients(t testing.TB) []Recipient {
	t.Helper()
	var all []Recipient
	for _, name := range []string{"agency.pub.pem", "escrow.pub.pem"} {
		file, err := os.ReadFile("testdata/keys/" + name)
		if err != nil {
			t.Fatal(err)
		}
		recipient, err := ParseRecipient(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, recipient)
	}
	return all
}

func testEnvelope(t testing.TB) []byte {
	t.Helper()
	text, err := wrapKey(bytes.Repeat([]byte{7}, keyBytes), testRecipients(t))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestKeyEnvelopeHasOneForm(t *testing.T) {
	text := string(testEnvelope(t))
	if _, err := parseEnvelope([]byte(text)); err != nil {
		t.Fatal(err)
	}
	for name, edit := range map[string][2]string{
		"white space":            {`{"ciphertext"`, `{ "ciphertext"`},
		"unknown member":         {`,"tag"`, `,"sub":"x","tag"`},
		"aad":                    {`{"ciphertext"`, `{"aad":"AA","ciphertext"`},
		"unprotected":            {`,"tag":"`, `,"unprotected":{"alg":"dir"},"tag":"`},
		"tag twice":              {`,"tag":"`, `,"tag":"AA","tag":"`},
		"tag missing":            {`,"tag"`, `,"tog"`},
		"unknown header member":  {`"kid"`, `"apu":"AA","kid"`},
		"other enc":              {"eyJlbmMiOiJBMjU2Q0JDLUhTNTEyIn0", "eyJlbmMiOiJBMjU2R0NNIn0"},
		"protected with space":   {"eyJlbmMiOiJBMjU2Q0JDLUhTNTEyIn0", "eyJlbmMiOiAiQTI1NkNCQy1IUzUxMiJ9"},
		"other alg":              {`"ECDH-ES+A256KW"`, `"ECDH-ES+A128KW"`},
		"dir":                    {`"ECDH-ES+A256KW"`, `"dir"`},
		"RSA1_5":                 {`"RSA-OAEP-256"`, `"RSA1_5"`},
		"RSA-OAEP":               {`"RSA-OAEP-256"`, `"RSA-OAEP"`},
		"RSA claimed for EC":     {`"ECDH-ES+A256KW"`, `"RSA-OAEP-256"`},
		"EC claimed for RSA":     {`"RSA-OAEP-256"`, `"ECDH-ES+A256KW"`},
		"other curve":            {`"P-384"`, `"P-256"`},
		"other key type":         {`"EC"`, `"OKP"`},
		"private part":           {`"crv"`, `"d":"AA","crv"`},
		"key id without sha256:": {`"kid":"sha256:`, `"kid":"`},
		"key id too long":        {`"kid":"sha256:`, `"kid":"sha256:00`},
		"padding":                {`","iv"`, `=","iv"`},
		"line end in base64":     {`"tag":"`, `"tag":"\n`},
		"line end in RSA key":    {`,{"encrypted_key":"`, `,{"encrypted_key":"\n`},
		"longer tag":             {`"tag":"`, `"tag":"AAAA`},
		"longer iv":              {`"iv":"`, `"iv":"AAAA`},
		"longer ciphertext":      {`"ciphertext":"`, `"ciphertext":"AAAA`},
		"longer x":               {`"x":"`, `"x":"AAAA`},
		"longer key":             {`"encrypted_key":"`, `"encrypted_key":"AAAA`},
		"null key":               {`"epk":{`, `"epk":null,"epq":{`},
	} {
		edited := strings.Replace(text, edit[0], edit[1], 1)
		if edited == text {
			t.Fatalf("%s: nothing edited", name)
		}
		if _, err := parseEnvelope([]byte(edited)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for name, whole := range map[string]string{
		"empty": "", "null": "null", "object": "{}", "compact": "eyJlbmMiOiJBMjU2Q0JDLUhTNTEyIn0.AA.AA.AA.AA", "more": text + "{}",
	} {
		if _, err := parseEnvelope([]byte(whole)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestKeyEnvelopeBoundsItsRecipients(t *testing.T) {
	e, err := parseEnvelope(testEnvelope(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, edit := range map[string]func(*keyEnvelope){
		"none":  func(e *keyEnvelope) { e.Recipients = []wrappedKey{} },
		"null":  func(e *keyEnvelope) { e.Recipients = nil },
		"twice": func(e *keyEnvelope) { e.Recipients = append(e.Recipients, e.Recipients[0]) },
		"33": func(e *keyEnvelope) {
			first := e.Recipients[0]
			e.Recipients = nil
			for i := range maxRecipients + 1 {
				first.Header.KeyID = "sha256:" + hashing.Sum([]byte{byte(i)}).String()
				e.Recipients = append(e.Recipients, first)
			}
		},
	} {
		edited := *e
		edited.Recipients = append([]wrappedKey{}, e.Recipients...)
		edit(&edited)
		text, err := hashing.Canonical(edited)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parseEnvelope(text); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// Whoever seals could make an envelope whose key is not the one that the
// header commits to, and so show two recipients two recordings.
func TestHeaderThatCommitsToAnotherKeyIsRefused(t *testing.T) {
	recipients := testRecipients(t)
	m := Metadata{Station: "hq-dock-1"}
	file, err := newFile(bytes.Repeat([]byte{1}, keyBytes), recipients, m)
	if err != nil {
		t.Fatal(err)
	}
	header := file.Header()
	header[atCommitment] ^= 1
	keys, err := deriveKeys(bytes.Repeat([]byte{1}, keyBytes))
	if err != nil {
		t.Fatal(err)
	}
	// The metadata is sealed again, so that only the commitment is wrong.
	at := atJWE + len(testEnvelopeOf(t, header))
	framed, err := frame(m.sealable(), len(header)-at-sealOverhead)
	if err != nil {
		t.Fatal(err)
	}
	header = keys.metadata.Seal(header[:at], nil, framed, additionalData(kindMetadata, 0, hashing.Sum(header[:at])))
	reader := &Reader{envelope: &Envelope{header: header, Station: m.Station}, keys: keys}
	if err := reader.openMetadata(); !errors.Is(err, ErrIntegrity) || !strings.Contains(err.Error(), "its key") {
		t.Errorf("error %v", err)
	}
}

func testEnvelopeOf(t *testing.T, header []byte) []byte {
	t.Helper()
	parsed, err := readHeader(bytes.NewReader(append(bytes.Clone(header), make([]byte, tailBytes)...)), int64(len(header)+tailBytes))
	if err != nil {
		t.Fatal(err)
	}
	return parsed[atJWE : atJWE+jweLength(parsed)]
}

func TestFileKeyOfAnotherLengthIsRefused(t *testing.T) {
	recipients := testRecipients(t)
	for _, length := range []int{33, 47} { // the same ciphertext length as 32
		text, err := wrapKey(make([]byte, length), recipients[:1])
		if err != nil {
			t.Fatal(err)
		}
		e, err := parseEnvelope(text)
		if err != nil {
			t.Fatal(err)
		}
		file, err := os.ReadFile("testdata/keys/agency.key.pem")
		if err != nil {
			t.Fatal(err)
		}
		key, err := ParsePrivateKey(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.unwrap([]PrivateKey{key}); !errors.Is(err, ErrIntegrity) {
			t.Errorf("a file key of %d bytes: error %v", length, err)
		}
	}
}

func TestUnverifiedEnvelopeDoesNotOpen(t *testing.T) {
	if _, err := (&Envelope{}).Open(); err == nil || errors.Is(err, ErrWrongKey) {
		t.Errorf("error %v", err)
	}
}

func TestFrameHasOneForm(t *testing.T) {
	framed, err := frame(Closing{}.sealable(), Block-sealOverhead)
	if err != nil {
		t.Fatal(err)
	}
	var c Closing
	if err := unframe(framed, &c); err != nil {
		t.Fatal(err)
	}
	for name, edit := range map[string]func([]byte) []byte{
		"longer":        func(b []byte) []byte { b[3]++; return b },
		"shorter":       func(b []byte) []byte { b[3]--; return b },
		"huge":          func(b []byte) []byte { b[0] = 0xff; return b },
		"not zero":      func(b []byte) []byte { b[len(b)-1] = 1; return b },
		"nothing":       func([]byte) []byte { return nil },
		"no text":       func([]byte) []byte { return []byte{0, 0, 0, 0} },
		"other object":  func([]byte) []byte { return []byte("\x00\x00\x00\x02{}") },
		"member absent": func(b []byte) []byte { return bytes.Replace(b, []byte(`"segments":0,`), nil, 1) },
	} {
		if err := unframe(edit(bytes.Clone(framed)), &c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
