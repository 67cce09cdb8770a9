package custody

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"os"

	"berth/ingest/seal"
)

// OpenOptions say what to open and where to.
type OpenOptions struct {
	Path       string            // the sealed file
	Identities []string          // files with private keys; the first one that fits is used
	Station    ed25519.PublicKey // who must have signed; nil: anyone, with a warning
	Output     string            // file to write; empty: Stdout
	Stdout     io.Writer         // used without Output
	Metadata   bool              // write what is known about the recording, as JSON, and not its content
	Force      bool              // replace Output if it exists
}

// OpenFile opens a sealed file. Signature, signer, metadata and closing record
// are checked before anything is written. With Output the result appears under
// that name only when all of it authenticated and is on the disk; without
// Force an existing file is never replaced. To Stdout every segment is written
// as soon as it authenticated, so an error may come after a part was written.
func OpenFile(ctx context.Context, o OpenOptions) (Report, error) {
	keys, err := readIdentities(o.Identities)
	if err != nil {
		return Report{File: o.Path}, err
	}
	file, size, err := openSealed(o.Path)
	if err != nil {
		return Report{File: o.Path}, err
	}
	defer file.Close()
	report, err := open(ctx, o, file, size, keys)
	report.File = o.Path
	if err != nil {
		return report, fmt.Errorf("%s: %w", o.Path, err)
	}
	return report, nil
}

func open(ctx context.Context, o OpenOptions, file *os.File, size int64, keys []seal.PrivateKey) (Report, error) {
	if err := checkOutput(o, file); err != nil {
		return Report{}, err
	}
	envelope, err := seal.Inspect(file, size)
	if err != nil {
		return Report{}, err
	}
	digest, err := envelope.Verify(ctx)
	if err != nil {
		return Report{}, err
	}
	report, err := newReport(envelope, digest, nameDigest(o.Path), o.Station)
	if err != nil {
		return report, err
	}
	reader, err := envelope.Open(keys...)
	if err != nil {
		return report, nameKeys(err, o.Identities)
	}
	write := func(w io.Writer) error { return reader.Content(ctx, w) }
	if o.Metadata {
		write = func(w io.Writer) error { return writeMetadata(w, reader, report) }
	}
	if o.Output == "" {
		return report, write(o.Stdout)
	}
	return report, writeOutput(o.Output, o.Force, write)
}

// checkOutput fails early, before a large file is read for nothing.
func checkOutput(o OpenOptions, sealed *os.File) error {
	if o.Output == "" {
		return nil
	}
	existing, err := os.Stat(o.Output)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	own, err := sealed.Stat()
	if err != nil {
		return err
	}
	switch {
	case os.SameFile(own, existing):
		return fmt.Errorf("output %s is the sealed file itself", o.Output)
	case !existing.Mode().IsRegular():
		return fmt.Errorf("output %s exists and is no file", o.Output)
	case !o.Force:
		return fmt.Errorf("output %s exists already; choose another name or pass --force", o.Output)
	}
	return nil
}
