package rack

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed init.sh
var initScript []byte

// Programs are what is built anew for each rack and handed into its guest.
type Programs struct {
	Dir   string // where they were built
	Berth string // the station's program, or empty if the guest gets none
}

// Compile builds the agent and, unless a scenario needs none, the station's
// program out of the tree at source.
func Compile(ctx context.Context, source, dir string, station bool) (Programs, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Programs{}, fmt.Errorf("making a directory for programs: %w", err)
	}
	build := func(name, what string, environment ...string) error {
		command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-o", filepath.Join(dir, name), what)
		command.Dir = source
		command.Env = append(os.Environ(), environment...)
		if out, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("building %s: %w: %s", name, err, bytes.TrimSpace(out))
		}
		return nil
	}
	programs := Programs{Dir: dir}
	if err := build("agent", "./usb/rack/agent", "CGO_ENABLED=0"); err != nil {
		return Programs{}, err
	}
	if station {
		programs.Berth = filepath.Join(dir, "berth")
		if err := build("berth", "./cmd/berth", "CGO_ENABLED=1"); err != nil {
			return Programs{}, err
		}
	}
	return programs, nil
}

// freshRoot writes the guest's first root: the image's, followed by the archive
// of what was just built and of the extra files, by their paths in the guest.
func freshRoot(path string, image Image, programs Programs, extra map[string]string) error {
	out, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("making the guest's root: %w", err)
	}
	defer out.Close()
	if err := appendFile(out, image.Root); err != nil {
		return fmt.Errorf("copying the guest's root: %w", err)
	}
	archive := newArchive(out)
	files := map[string]string{"rack/agent": filepath.Join(programs.Dir, "agent")}
	if programs.Berth != "" {
		files["usr/bin/berth"] = programs.Berth
	}
	for name, from := range extra {
		files[name] = from
	}
	for name, from := range files {
		if err := archiveFile(archive, name, from); err != nil {
			return fmt.Errorf("packing %s for the guest: %w", name, err)
		}
	}
	if err := archive.file("init", 0o755, int64(len(initScript)), bytes.NewReader(initScript)); err != nil {
		return fmt.Errorf("packing the guest's first program: %w", err)
	}
	if err := archive.end(); err != nil {
		return fmt.Errorf("ending the guest's root: %w", err)
	}
	return out.Close()
}

func appendFile(to *os.File, path string) error {
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	_, err = to.ReadFrom(from)
	return err
}

func archiveFile(to *archive, name, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	return to.file(name, int64(info.Mode().Perm()), info.Size(), file)
}
