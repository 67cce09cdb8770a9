package agency

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What is released is built with the validated module, and says so.
func TestVersionNamesTheCryptographicModuleThatIsActive(t *testing.T) {
	program := filepath.Join(t.TempDir(), "berth-open")
	for setting, want := range map[string]string{
		"certified": "Go Cryptographic Module v1.0.0; FIPS 140-3 mode on",
		"off":       "Go Cryptographic Module of the Go release, not validated; FIPS 140-3 mode off",
	} {
		build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "berth/cmd/berth-open")
		build.Env = append(os.Environ(), "GOFIPS140="+setting, "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build with GOFIPS140=%s: %v\n%s", setting, err, out)
		}
		version := exec.CommandContext(t.Context(), program, "version")
		version.Env = append(os.Environ(), "GODEBUG=")
		out, err := version.CombinedOutput()
		if err != nil || !strings.Contains(string(out), want+"\n") {
			t.Errorf("GOFIPS140=%s says %v: %s", setting, err, out)
		}
	}
	only := exec.CommandContext(t.Context(), program, "version")
	only.Env = append(os.Environ(), "GODEBUG=fips140=only")
	if out, err := only.CombinedOutput(); err != nil || !strings.Contains(string(out), "mode only") {
		t.Errorf("GODEBUG=fips140=only says %v: %s", err, out)
	}
}

// The release builds of the Makefile all take the validated module.
func TestReleaseBuildsTakeTheValidatedModule(t *testing.T) {
	text, err := os.ReadFile("../../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "BUILD :=") && !strings.Contains(line, "GOFIPS140=certified") {
			t.Errorf("a release without the validated module: %s", line)
		}
		if strings.Contains(line, "$(GO) build") && !strings.HasPrefix(line, "BUILD :=") {
			t.Errorf("a build that is not $(BUILD): %s", line)
		}
	}
}
