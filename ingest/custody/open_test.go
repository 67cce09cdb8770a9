package custody_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"berth/hashing"
	"berth/ingest/custody"
	"berth/ingest/seal"
)

func TestOpenedContentAppearsWhole(t *testing.T) {
	dir := t.TempDir()
	content := bytes.Repeat([]byte("0123456789"), 150_000) // two segments
	clip := write(t, filepath.Join(dir, "clip.sealed"), sign(t, unsigned(t, content), stationKey(t)))
	out := filepath.Join(dir, "clip.mp4")
	for _, identity := range []string{"agency.key.pem", "escrow.key.pem"} {
		options := openTo(t, clip, out)
		options.Identities = []string{keyPath("other.key.pem"), keyPath(identity)}
		report, err := custody.OpenFile(context.Background(), options)
		if err != nil {
			t.Fatal(err)
		}
		if !report.SignerPinned || report.File != clip || len(report.Warnings) != 0 {
			t.Errorf("report %+v", report)
		}
		if back, err := os.ReadFile(out); err != nil || !bytes.Equal(back, content) {
			t.Errorf("other content: %v", err)
		}
		info, err := os.Stat(out)
		if err != nil {
			t.Fatal(err)
		}
		if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v", info.Mode())
		}
		mustHold(t, dir, "clip.mp4", "clip.sealed")
		if err := os.Remove(out); err != nil {
			t.Fatal(err)
		}
	}
}

// A segment is altered and the file signed again by the station's own key, so
// that only the segment itself can tell.
func TestContentThatDoesNotAuthenticateNeverAppears(t *testing.T) {
	dir := t.TempDir()
	content := bytes.Repeat([]byte("0123456789"), 250_000) // three segments
	before := unsigned(t, content)
	before[4096+2*seal.SegmentBytes+100] ^= 1
	clip := write(t, filepath.Join(dir, "clip.sealed"), sign(t, before, stationKey(t)))
	want := clip + ": altered: segment 2 does not authenticate"

	_, err := custody.OpenFile(context.Background(), openTo(t, clip, filepath.Join(dir, "clip.mp4")))
	if !errors.Is(err, custody.ErrIntegrity) || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	mustHold(t, dir, "clip.sealed")

	var pipe bytes.Buffer
	options := openTo(t, clip, "")
	options.Stdout = &pipe
	if _, err := custody.OpenFile(context.Background(), options); !errors.Is(err, custody.ErrIntegrity) {
		t.Errorf("error %v", err)
	}
	if !bytes.Equal(pipe.Bytes(), content[:2*seal.SegmentPlain]) {
		t.Errorf("%d bytes went into the pipe, want the two whole segments before", pipe.Len())
	}
}

func TestNothingIsWrittenUnlessTheSignatureHolds(t *testing.T) {
	dir := t.TempDir()
	sealed := sign(t, unsigned(t, []byte("content")), stationKey(t))
	sealed[len(sealed)-seal.Block+150] ^= 1
	clip := write(t, filepath.Join(dir, "clip.sealed"), sealed)
	otherKey, err := seal.GenerateStationKey()
	if err != nil {
		t.Fatal(err)
	}
	forged := write(t, filepath.Join(dir, "forged.sealed"), sign(t, unsigned(t, []byte("content")), otherKey))
	for path, is := range map[string]error{clip: custody.ErrIntegrity, forged: custody.ErrSigner} {
		var pipe bytes.Buffer
		options := openTo(t, path, "")
		options.Stdout = &pipe
		if _, err := custody.OpenFile(context.Background(), options); !errors.Is(err, is) || pipe.Len() > 0 {
			t.Errorf("%s: error %v after %d bytes", path, err, pipe.Len())
		}
		if _, err := custody.OpenFile(context.Background(), openTo(t, path, filepath.Join(dir, "out"))); !errors.Is(err, is) {
			t.Errorf("%s: error %v", path, err)
		}
	}
	mustHold(t, dir, "clip.sealed", "forged.sealed")
}

func TestWrongKeyNamesTheRightOnes(t *testing.T) {
	dir := t.TempDir()
	clip := write(t, filepath.Join(dir, "clip.sealed"), sign(t, unsigned(t, nil), stationKey(t)))
	var fingerprints []string
	for _, name := range []string{"agency.pub.pem", "escrow.pub.pem"} {
		recipient, err := seal.ParseRecipient(readKey(t, name))
		if err != nil {
			t.Fatal(err)
		}
		fingerprints = append(fingerprints, recipient.Fingerprint())
	}
	other := keyPath("other.key.pem")
	list := "2 recipients (" + strings.Join(fingerprints, ", ") + ")"
	for want, identities := range map[string][]string{
		"the key " + other + " is not one of the " + list:                     {other},
		"none of the keys " + other + ", " + other + " is one of the " + list: {other, other},
	} {
		options := openTo(t, clip, filepath.Join(dir, "out"))
		options.Identities = identities
		_, err := custody.OpenFile(context.Background(), options)
		if !errors.Is(err, seal.ErrWrongKey) || errors.Is(err, custody.ErrIntegrity) || err.Error() != clip+": "+want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	mustHold(t, dir, "clip.sealed")
}

func TestForgedStationIsToldBeforeAWrongKey(t *testing.T) {
	otherKey, err := seal.GenerateStationKey()
	if err != nil {
		t.Fatal(err)
	}
	options := openTo(t, write(t, filepath.Join(t.TempDir(), "clip.sealed"), sign(t, unsigned(t, nil), otherKey)), "")
	options.Identities, options.Stdout = []string{keyPath("other.key.pem")}, &bytes.Buffer{}
	if _, err := custody.OpenFile(context.Background(), options); !errors.Is(err, custody.ErrSigner) {
		t.Errorf("error %v", err)
	}
}

func TestExistingOutputIsNeverReplacedUnasked(t *testing.T) {
	dir := t.TempDir()
	clip := write(t, filepath.Join(dir, "clip.sealed"), sign(t, unsigned(t, []byte("content")), stationKey(t)))
	out := write(t, filepath.Join(dir, "out"), []byte("precious"))
	options := openTo(t, clip, out)
	if _, err := custody.OpenFile(context.Background(), options); err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Errorf("error %v", err)
	}
	if kept, err := os.ReadFile(out); err != nil || string(kept) != "precious" {
		t.Fatalf("output is %q, %v", kept, err)
	}
	options.Force = true
	if _, err := custody.OpenFile(context.Background(), options); err != nil {
		t.Fatal(err)
	}
	if replaced, err := os.ReadFile(out); err != nil || string(replaced) != "content" {
		t.Errorf("output is %q, %v", replaced, err)
	}
	options.Output = clip
	if _, err := custody.OpenFile(context.Background(), options); err == nil || !strings.Contains(err.Error(), "the sealed file itself") {
		t.Errorf("the sealed file as output: %v", err)
	}
	options.Output = dir
	if _, err := custody.OpenFile(context.Background(), options); err == nil || !strings.Contains(err.Error(), "is no file") {
		t.Errorf("a directory as output: %v", err)
	}
	options.Output = filepath.Join(dir, "none", "out")
	if _, err := custody.OpenFile(context.Background(), options); err == nil {
		t.Error("an output without a directory was written")
	}
	mustHold(t, dir, "clip.sealed", "out")
}

func TestFailedReplacementKeepsWhatWasThere(t *testing.T) {
	dir := t.TempDir()
	before := unsigned(t, []byte("content"))
	before[4096+20] ^= 1
	clip := write(t, filepath.Join(dir, "clip.sealed"), sign(t, before, stationKey(t)))
	options := openTo(t, clip, write(t, filepath.Join(dir, "out"), []byte("precious")))
	options.Force = true
	if _, err := custody.OpenFile(context.Background(), options); !errors.Is(err, custody.ErrIntegrity) {
		t.Errorf("error %v", err)
	}
	if kept, err := os.ReadFile(options.Output); err != nil || string(kept) != "precious" {
		t.Errorf("output is %q, %v", kept, err)
	}
	mustHold(t, dir, "clip.sealed", "out")
}

func TestInterruptedOpenLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	clip := write(t, filepath.Join(dir, "clip.sealed"), sign(t, unsigned(t, []byte("content")), stationKey(t)))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := custody.OpenFile(ctx, openTo(t, clip, filepath.Join(dir, "out"))); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	mustHold(t, dir, "clip.sealed")
}

func TestFullPipeIsAnErrorAndNoIntegrityFailure(t *testing.T) {
	clip := write(t, filepath.Join(t.TempDir(), "clip.sealed"), sign(t, unsigned(t, []byte("content")), stationKey(t)))
	broken := errors.New("pipe closed")
	options := openTo(t, clip, "")
	options.Stdout = failing{broken}
	if _, err := custody.OpenFile(context.Background(), options); !errors.Is(err, broken) || errors.Is(err, custody.ErrIntegrity) {
		t.Errorf("error %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestMetadataTellsWhatWasSealedAboutTheRecording(t *testing.T) {
	sealed := sign(t, unsigned(t, []byte("content")), stationKey(t))
	clip := write(t, filepath.Join(t.TempDir(), hashing.Sum(sealed).String()+".sealed"), sealed)
	var out bytes.Buffer
	options := openTo(t, clip, "")
	options.Stdout, options.Metadata = &out, true
	if _, err := custody.OpenFile(context.Background(), options); err != nil {
		t.Fatal(err)
	}
	var got struct {
		NameText string        `json:"name_text"`
		Metadata seal.Metadata `json:"metadata"`
		Closing  seal.Closing  `json:"closing"`
		Sealed   custody.Report
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%v in %s", err, out.String())
	}
	if got.NameText != `caf\xe9.mp4` || string(got.Metadata.Name) != "caf\xe9.mp4" || got.Metadata.Camera != "BC2-1" ||
		got.Closing.SHA256 != hashing.Sum([]byte("content")) || got.Sealed.SHA256 != hashing.Sum(sealed) || !got.Sealed.SignerPinned {
		t.Errorf("%s", out.String())
	}
	if bytes.Contains(out.Bytes(), []byte("content\"")) {
		t.Error("the content is in the metadata")
	}
}

func TestIdentityThatCannotBeReadNamesItsFile(t *testing.T) {
	clip := write(t, filepath.Join(t.TempDir(), "clip.sealed"), sign(t, unsigned(t, nil), stationKey(t)))
	for path, says := range map[string]string{keyPath("none.pem"): "none.pem", keyPath("agency.pub.pem"): "agency.pub.pem: read private key: this is a public key"} {
		options := openTo(t, clip, "")
		options.Identities = []string{path}
		if _, err := custody.OpenFile(context.Background(), options); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
