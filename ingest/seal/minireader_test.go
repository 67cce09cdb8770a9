package seal_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/fips140"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"testing"
)

// A reader as a stranger would write it from FORMAT.md: only the standard
// library's primitives, no code of this package, no checks that opening does
// not need. If it opens what the package wrote, FORMAT.md is complete.

type miniFile struct {
	fileKey           []byte
	metadata, closing map[string]any
	content           []byte
}

// miniRead reads like a stranger whom nobody holds to FIPS 140-3.
func miniRead(file, keyPEM []byte, station ed25519.PublicKey) (m *miniFile, err error) {
	fips140.WithoutEnforcement(func() { m, err = miniReadFile(file, keyPEM, station) })
	return m, err
}

func miniReadFile(file, keyPEM []byte, station ed25519.PublicKey) (*miniFile, error) {
	tail := file[len(file)-4096:]
	sum := sha256.Sum256(file[:len(file)-4096])
	if !ed25519.Verify(station, append(bytes.Clone(tail[:144]), sum[:]...), tail[144:208]) {
		return nil, errors.New("signature")
	}
	h, j := int(binary.BigEndian.Uint32(file[16:])), int(binary.BigEndian.Uint32(file[20:]))
	header := file[:h]
	m := &miniFile{}
	var err error
	if m.fileKey, err = miniUnwrap(header[56:56+j], keyPEM); err != nil {
		return nil, err
	}
	if !bytes.Equal(m.derive("commitment"), header[24:56]) {
		return nil, errors.New("commitment")
	}
	if m.metadata, err = m.object("metadata", header[56+j:], 1, 0, header[:56+j]); err != nil {
		return nil, err
	}
	content := file[h : len(file)-8192]
	n := uint64(len(content)+1<<20-1) >> 20
	if m.closing, err = m.object("closing", file[len(file)-8192:len(file)-4096], 3, n, header); err != nil {
		return nil, err
	}
	rest := int(m.closing["size_bytes"].(float64))
	for i := range n {
		plain := min(rest, 1_048_548)
		part, err := m.unseal("content", content[i<<20:][:plain+28], 2, i, header)
		if err != nil {
			return nil, err
		}
		m.content = append(m.content, part...)
		rest -= plain
	}
	digest := sha256.Sum256(m.content)
	if rest != 0 || hex.EncodeToString(digest[:]) != m.closing["sha256"] {
		return nil, errors.New("content digest")
	}
	return m, nil
}

func (m *miniFile) derive(name string) []byte {
	key, err := hkdf.Key(sha256.New, m.fileKey, nil, "berth-sealed v1 "+name, 32)
	if err != nil {
		panic(err)
	}
	return key
}

func (m *miniFile) unseal(name string, sealed []byte, kind byte, index uint64, digestOf []byte) ([]byte, error) {
	block, err := aes.NewCipher(m.derive(name))
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(digestOf)
	aad := append(binary.BigEndian.AppendUint64([]byte{kind}, index), digest[:]...)
	plain, err := gcm.Open(nil, sealed[:12], sealed[12:], aad)
	if err != nil {
		return nil, fmt.Errorf("%s %d: %w", name, index, err)
	}
	return plain, nil
}

func (m *miniFile) object(name string, sealed []byte, kind byte, index uint64, digestOf []byte) (map[string]any, error) {
	plain, err := m.unseal(name, sealed, kind, index, digestOf)
	if err != nil {
		return nil, err
	}
	var object map[string]any
	return object, json.Unmarshal(plain[4:][:binary.BigEndian.Uint32(plain)], &object)
}

func miniUnwrap(envelope, keyPEM []byte) ([]byte, error) {
	var jwe struct {
		Protected, IV, Ciphertext, Tag string
		Recipients                     []struct {
			EncryptedKey string `json:"encrypted_key"`
			Header       struct {
				Alg, Kid string
				EPK      struct{ X, Y string }
			}
		}
	}
	if err := json.Unmarshal(envelope, &jwe); err != nil {
		return nil, err
	}
	block, _ := pem.Decode(keyPEM)
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	kid := ""
	switch key := private.(type) {
	case *ecdsa.PrivateKey:
		kid = miniFingerprint(&key.PublicKey)
	case *rsa.PrivateKey:
		kid = miniFingerprint(&key.PublicKey)
	}
	var k []byte
	for _, r := range jwe.Recipients {
		if r.Header.Kid != kid {
			continue
		}
		switch key := private.(type) {
		case *ecdsa.PrivateKey:
			k = miniECDH(key, append(append([]byte{4}, b64(r.Header.EPK.X)...), b64(r.Header.EPK.Y)...), b64(r.EncryptedKey))
		case *rsa.PrivateKey:
			if k, err = rsa.DecryptOAEP(sha256.New(), nil, key, b64(r.EncryptedKey), nil); err != nil {
				return nil, err
			}
		}
	}
	if len(k) != 64 {
		return nil, errors.New("no such recipient")
	}
	mac := hmac.New(sha512.New, k[:32])
	mac.Write([]byte(jwe.Protected))
	mac.Write(b64(jwe.IV))
	mac.Write(b64(jwe.Ciphertext))
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(8*len(jwe.Protected))))
	if !hmac.Equal(mac.Sum(nil)[:32], b64(jwe.Tag)) {
		return nil, errors.New("envelope tag")
	}
	aesBlock, err := aes.NewCipher(k[32:])
	if err != nil {
		return nil, err
	}
	plain := b64(jwe.Ciphertext)
	cipher.NewCBCDecrypter(aesBlock, b64(jwe.IV)).CryptBlocks(plain, plain)
	return plain[:32], nil
}

func miniFingerprint(public any) string {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(der)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func miniECDH(key *ecdsa.PrivateKey, point, wrapped []byte) []byte {
	own, err := key.ECDH()
	if err != nil {
		panic(err)
	}
	theirs, err := ecdh.P384().NewPublicKey(point)
	if err != nil {
		panic(err)
	}
	z, err := own.ECDH(theirs)
	if err != nil {
		panic(err)
	}
	const alg = "ECDH-ES+A256KW"
	in := append([]byte{0, 0, 0, 1}, z...)
	in = append(binary.BigEndian.AppendUint32(in, uint32(len(alg))), alg...)
	in = append(in, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0)
	w := sha256.Sum256(in)
	return miniKeyUnwrap(w[:], wrapped)
}

// miniKeyUnwrap is RFC 3394, section 2.2.2.
func miniKeyUnwrap(w, wrapped []byte) []byte {
	block, err := aes.NewCipher(w)
	if err != nil {
		panic(err)
	}
	a, r := bytes.Clone(wrapped[:8]), bytes.Clone(wrapped[8:])
	n := len(r) / 8
	for j := 5; j >= 0; j-- {
		for i := n; i >= 1; i-- {
			t := binary.BigEndian.Uint64(a) ^ uint64(n*j+i)
			b := append(binary.BigEndian.AppendUint64(nil, t), r[(i-1)*8:i*8]...)
			block.Decrypt(b, b)
			copy(a, b[:8])
			copy(r[(i-1)*8:], b[8:])
		}
	}
	if !bytes.Equal(a, bytes.Repeat([]byte{0xa6}, 8)) {
		return nil
	}
	return r
}

func b64(s string) []byte {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

func TestAStrangerReadsWhatIsWritten(t *testing.T) {
	for _, size := range []int{0, 1, 4068, 4069, 1_048_548, 1_048_549, 2_500_000} {
		content := randomContent(size)
		sealed := sealParts(t, content, recipient(t, "agency.pub.pem"), recipient(t, "escrow.crt.pem")).join(t, signer(t))
		for _, key := range []string{"agency.key.pem", "escrow.key.pem"} {
			m, err := miniRead(sealed, readKey(t, key), signer(t).Public())
			if err != nil {
				t.Fatalf("%d bytes, %s: %v", size, key, err)
			}
			if !bytes.Equal(m.content, content) || m.metadata["camera"] != "BC2-00017" || m.metadata["name"] != base64.StdEncoding.EncodeToString(metadata(0).Name) {
				t.Errorf("%d bytes, %s: read something else", size, key)
			}
			if m.closing["read_ended"] != "2025-03-01T12:00:01.75Z" {
				t.Errorf("read ended %v", m.closing["read_ended"])
			}
		}
	}
}
