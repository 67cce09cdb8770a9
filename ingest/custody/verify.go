package custody

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"os"

	"berth/hashing"
	"berth/ingest/seal"
)

// VerifySealed reads a whole sealed file of size bytes and checks, without any
// private key, its structure, its signature, that it has the digest name
// (unless that is zero), and that it was signed with the key station (unless
// that is nil). What is wrong with the file is ErrIntegrity or ErrSigner.
func VerifySealed(ctx context.Context, r io.ReaderAt, size int64, name hashing.Digest, station ed25519.PublicKey) (Report, error) {
	envelope, err := seal.Inspect(r, size)
	if err != nil {
		return Report{}, err
	}
	digest, err := envelope.Verify(ctx)
	if err != nil {
		return Report{}, err
	}
	return newReport(envelope, digest, name, station)
}

// VerifyFile is VerifySealed for a file, whose name is compared with its
// digest if it is one. Errors begin with the path.
func VerifyFile(ctx context.Context, path string, station ed25519.PublicKey) (Report, error) {
	file, size, err := openSealed(path)
	if err != nil {
		return Report{File: path}, err
	}
	defer file.Close()
	report, err := VerifySealed(ctx, file, size, nameDigest(path), station)
	report.File = path
	if err != nil {
		return report, fmt.Errorf("%s: %w", path, err)
	}
	return report, nil
}

// openSealed opens a regular file; anything else could block or never end.
func openSealed(path string) (*os.File, int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%s: not a file: a sealed recording is read more than once", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	if info, err = file.Stat(); err != nil {
		file.Close()
		return nil, 0, err
	}
	return file, info.Size(), nil
}
