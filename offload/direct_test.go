package offload_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"berth/offload/storetest"
)

// A file that becomes shorter under a reader must not look like one that ended.
func TestFileCutWhileItIsReadIsAnError(t *testing.T) {
	d, dir := newDirectory(t)
	sealed := storetest.Seal(storetest.Content(1, 60_000))
	put(t, d, sealed)
	path := filepath.Join(dir, filepath.FromSlash(sealed.Key))
	for _, left := range []int64{sealed.SizeBytes - 1, 4096, 0} {
		reader, err := d.Open(t.Context(), sealed.Key, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.Chmod(path, 0o600), os.Truncate(path, left)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, reader); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d of %d bytes are left, the reader says %v", left, sealed.SizeBytes, err)
		}
		if err := errors.Join(reader.Close(), os.Truncate(path, sealed.SizeBytes)); err != nil {
			t.Fatal(err)
		}
	}
}
