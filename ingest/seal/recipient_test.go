package seal_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"berth/hashing"
	"berth/ingest/seal"
)

func encode(t *testing.T, kind string, der []byte, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func p384(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	block, _ := pem.Decode(readKey(t, "agency.key.pem"))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key.(*ecdsa.PrivateKey)
}

func TestFingerprintIsWhatOpensslPrints(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed")
	}
	for _, name := range []string{"agency.pub.pem", "escrow.pub.pem"} {
		der, err := exec.Command("openssl", "pkey", "-pubin", "-in", filepath.Join("testdata", "keys", name), "-outform", "DER").Output()
		if err != nil {
			t.Fatal(err)
		}
		if got, want := recipient(t, name).Fingerprint(), "sha256:"+hashing.Sum(der).String(); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestCertificateIsItsKey(t *testing.T) {
	if recipient(t, "escrow.crt.pem").Fingerprint() != recipient(t, "escrow.pub.pem").Fingerprint() {
		t.Error("the certificate has another fingerprint than its key")
	}
	if private(t, "escrow.key.pem").Recipient().Fingerprint() != recipient(t, "escrow.pub.pem").Fingerprint() {
		t.Error("the private key has another fingerprint than the public one")
	}
}

func TestPrivateKeyAsRecipientIsRefused(t *testing.T) {
	key := p384(t)
	sec1, err := x509.MarshalECPrivateKey(key)
	block, _ := pem.Decode(readKey(t, "escrow.key.pem"))
	parsed, parseErr := x509.ParsePKCS8PrivateKey(block.Bytes)
	if parseErr != nil {
		t.Fatal(parseErr)
	}
	public := readKey(t, "agency.pub.pem")
	for name, file := range map[string][]byte{
		"PKCS#8":          readKey(t, "agency.key.pem"),
		"PKCS#8 RSA":      readKey(t, "escrow.key.pem"),
		"SEC 1":           encode(t, "EC PRIVATE KEY", sec1, err),
		"PKCS#1":          encode(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(parsed.(*rsa.PrivateKey)), nil),
		"encrypted":       []byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"),
		"OpenSSH":         []byte("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"),
		"after a public":  append(bytes.Clone(public), readKey(t, "agency.key.pem")...),
		"before a public": append(readKey(t, "other.key.pem"), public...),
		"DER":             block.Bytes,
		"DER SEC 1":       sec1,
	} {
		if _, err := seal.ParseRecipient(file); !errors.Is(err, seal.ErrPrivateKey) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestRecipientsOfOtherKindsAreRefused(t *testing.T) {
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p256DER, p256Err := x509.MarshalPKIXPublicKey(&p256.PublicKey)
	small, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	smallDER, smallErr := x509.MarshalPKIXPublicKey(&small.PublicKey)
	public := readKey(t, "agency.pub.pem")
	for name, file := range map[string]struct {
		content []byte
		says    string
	}{
		"P-256":     {encode(t, "PUBLIC KEY", p256DER, p256Err), "P-256"},
		"RSA-2048":  {encode(t, "PUBLIC KEY", smallDER, smallErr), "2048"},
		"Ed25519":   {readKey(t, "station.pub.pem"), "neither a P-384 nor an RSA key"},
		"two":       {append(bytes.Clone(public), readKey(t, "other.pub.pem")...), "2 public keys"},
		"none":      {[]byte("hello"), "0 public keys"},
		"empty":     {nil, "0 public keys"},
		"damaged":   {encode(t, "PUBLIC KEY", []byte{1, 2, 3}, nil), "asn1"},
		"other PEM": {encode(t, "X509 CRL", []byte{1}, nil), `"X509 CRL"`},
	} {
		if _, err := seal.ParseRecipient(file.content); err == nil || !strings.Contains(err.Error(), file.says) {
			t.Errorf("%s: error %v, want one about %q", name, err, file.says)
		}
	}
}

func TestRecipientsPrivateKeyLyingAboutIsFound(t *testing.T) {
	recipients := []seal.Recipient{recipient(t, "agency.pub.pem"), recipient(t, "escrow.crt.pem")}
	key := p384(t)
	sec1, err := x509.MarshalECPrivateKey(key)
	block, _ := pem.Decode(readKey(t, "escrow.key.pem"))
	for name, file := range map[string][]byte{
		"PKCS#8":       readKey(t, "agency.key.pem"),
		"SEC 1":        encode(t, "EC PRIVATE KEY", sec1, err),
		"RSA":          readKey(t, "escrow.key.pem"),
		"DER":          block.Bytes,
		"DER SEC 1":    sec1,
		"in a bundle":  append(readKey(t, "escrow.crt.pem"), append(readKey(t, "other.key.pem"), readKey(t, "escrow.key.pem")...)...),
		"in a message": []byte("Dear all,\nhere it is:\n\n" + string(readKey(t, "agency.key.pem")) + "\nRegards\n"),
	} {
		if !seal.HoldsPrivateKey(file, recipients) {
			t.Errorf("%s: not found", name)
		}
	}
	for name, file := range map[string][]byte{
		"empty": nil, "text": []byte("PRIVATE KEY"), "public": readKey(t, "agency.pub.pem"), "certificate": readKey(t, "escrow.crt.pem"),
		"of nobody": readKey(t, "other.key.pem"), "of a station": readKey(t, "station.key.pem"),
	} {
		if seal.HoldsPrivateKey(file, recipients) {
			t.Errorf("%s: found", name)
		}
	}
}

func TestGeneratedPairOpensWhatItSeals(t *testing.T) {
	privatePEM, publicPEM, err := seal.GenerateKeyPair()
	if err != nil {
		t.Fatal(err)
	}
	key, err := seal.ParsePrivateKey(privatePEM)
	if err != nil {
		t.Fatal(err)
	}
	public, err := seal.ParseRecipient(publicPEM)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(privatePEM, []byte("-----BEGIN PRIVATE KEY-----")) || key.Recipient().Fingerprint() != public.Fingerprint() {
		t.Error("the two are no pair in PKCS#8")
	}
	if _, _, err := open(sealParts(t, []byte("x"), public).join(t, signer(t)), key); err != nil {
		t.Error(err)
	}
}

func TestIdentityFilesThatDoNotOpenSayWhy(t *testing.T) {
	for name, file := range map[string]struct {
		content []byte
		says    string
	}{
		"public":    {readKey(t, "agency.pub.pem"), "this is a public key"},
		"empty":     {nil, "0 private keys"},
		"two":       {append(readKey(t, "agency.key.pem"), readKey(t, "other.key.pem")...), "2 private keys"},
		"station":   {readKey(t, "station.key.pem"), "neither a P-384 nor an RSA key"},
		"encrypted": {[]byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"), "openssl pkey -in"},
		"old style": {[]byte("-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END EC PRIVATE KEY-----\n"), "passphrase"},
	} {
		if _, err := seal.ParsePrivateKey(file.content); err == nil || !strings.Contains(err.Error(), file.says) {
			t.Errorf("%s: error %v, want one about %q", name, err, file.says)
		}
	}
}

func TestStationKeysComeBack(t *testing.T) {
	key, err := seal.GenerateStationKey()
	if err != nil {
		t.Fatal(err)
	}
	file, err := seal.EncodeStationKey(key)
	if err != nil {
		t.Fatal(err)
	}
	back, err := seal.ParseStationKey(file)
	if err != nil || !back.Equal(key) {
		t.Errorf("private: %v", err)
	}
	public := key.Public().(ed25519.PublicKey)
	if file, err = seal.EncodeStationPublic(public); err != nil {
		t.Fatal(err)
	}
	again, err := seal.ParseStationPublic(file)
	if err != nil || !again.Equal(public) {
		t.Errorf("public: %v", err)
	}
	if _, err := seal.ParseStationKey(readKey(t, "agency.key.pem")); err == nil {
		t.Error("an agency's key was taken for a station's")
	}
	for _, name := range []string{"agency.pub.pem", "station.key.pem", "escrow.crt.pem"} {
		if _, err := seal.ParseStationPublic(readKey(t, name)); err == nil {
			t.Errorf("%s was taken for a station's public key", name)
		}
	}
}

func TestSignerRefusesWhatCannotBe(t *testing.T) {
	key, err := seal.GenerateStationKey()
	if err != nil {
		t.Fatal(err)
	}
	digest := hashing.Sum(nil)
	for _, station := range []string{"", "A", "a b", "-a", "a-", "a\x00", strings.Repeat("a", 64)} {
		if _, err := seal.NewSigner(station, key).Block(digest); err == nil {
			t.Errorf("signed as %q", station)
		}
	}
	if _, err := seal.NewSigner("a", nil).Block(digest); err == nil {
		t.Error("signed without a key")
	}
	if _, err := seal.NewSigner("a", key).Block(hashing.Digest{}); err == nil {
		t.Error("signed nothing")
	}
	if block, err := seal.NewSigner(strings.Repeat("a", 63), key).Block(digest); err != nil || len(block) != seal.Block {
		t.Errorf("the longest station id: %v", err)
	}
}
