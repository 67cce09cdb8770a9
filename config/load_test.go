package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// station writes a config with its recipient and returns its path.
func station(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "agency.pem"), "not judged here")
	path := filepath.Join(dir, "berth.yaml")
	write(t, path, text)
	return path
}

const small = `station: {id: s, data: data}
bays: [{name: A1, directory: A1}]
sealing: {recipients: [agency.pem]}
stores: [{name: a, type: directory, path: a}]
copies: 1
`

func TestLoadFindsWhatOnlyTheDiskShows(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(dir string) error
		want    string
	}{
		{"recipient missing", func(dir string) error { return os.Remove(filepath.Join(dir, "agency.pem")) },
			":3: sealing.recipients[0]: "},
		{"recipient is a directory", func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, "agency.pem")), os.Mkdir(filepath.Join(dir, "agency.pem"), 0o700))
		}, "it is no regular file"},
		{"recipient is a pipe", func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, "agency.pem")), syscall.Mkfifo(filepath.Join(dir, "agency.pem"), 0o600))
		}, "it is no regular file"},
		{"bay is a link into the data", func(dir string) error {
			return errors.Join(os.Mkdir(filepath.Join(dir, "data"), 0o700), os.Symlink("data", filepath.Join(dir, "A1")))
		}, ":2: bays[0].directory: "},
		{"store is a link to something not yet made inside a bay", func(dir string) error {
			return errors.Join(os.Mkdir(filepath.Join(dir, "A1"), 0o700), os.Symlink("A1", filepath.Join(dir, "link")),
				os.WriteFile(filepath.Join(dir, "berth.yaml"), []byte(strings.Replace(small, "path: a}", "path: link/deep/er}", 1)), 0o600))
		}, ":4: stores[0].path: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := station(t, small)
			if problems := Check(path); len(problems) > 0 {
				t.Fatalf("before: %v", problems)
			}
			if err := c.prepare(filepath.Dir(path)); err != nil {
				t.Fatal(err)
			}
			cfg, err := Load(path)
			var problems Problems
			if cfg != nil || !errors.As(err, &problems) || len(problems) != 1 || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("want one problem with %q, got %v", c.want, err)
			}
			if got := Check(path); got.Error() != err.Error() {
				t.Fatalf("Check says something else: %v", got)
			}
		})
	}
}

func TestAFileThatCannotBeReadIsAProblemAndNeverWaitedFor(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, 1<<40); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "absent"): "absent: cannot be read: no such file or directory",
		dir:                          "cannot be read: it is no regular file",
		pipe:                         "cannot be read: it is no regular file",
		"/dev/zero":                  "cannot be read: it is no regular file",
		large:                        "is larger than 1 MiB",
	} {
		c, err := Load(path)
		if c != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want %q, got %v", path, want, err)
		}
	}
}

func TestNothingOfTheEnvironmentGetsIn(t *testing.T) {
	t.Setenv("COPIES", "1")
	t.Setenv("STATION::AGENCY", "another")
	c := mustParse(t, whole)
	if c.Copies != 2 || c.Station.Agency != "Springfield PD" {
		t.Fatalf("got %+v", c)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(whole)
	f.Add(Example())
	f.Add("a: &a [*a]\n<<: *a\n")
	f.Add("bays: [{name: A1, directory: [}]")
	f.Add("copies: 1\n\tx: 2")
	f.Add("? [a]\n: b\n--- !!x\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, problems := Parse("/etc/f.yaml", []byte(text))
		if len(problems) > problemsMax+1 {
			t.Fatalf("%d problems", len(problems))
		}
		if len(problems) > 0 {
			return
		}
		shown := c.Show()
		back, problems := Parse("/etc/f.yaml", []byte(shown))
		if len(problems) > 0 || back.Show() == "" {
			t.Fatalf("%q shows as\n%s\nwhich has %v", text, shown, problems)
		}
	})
}

func TestTheDecoderIsStrictByItself(t *testing.T) {
	if c, err := decode(map[string]any{"copies": 1, "agncy": "x"}); err == nil {
		t.Fatalf("a key that the walk missed is %+v", c)
	}
	if c, err := decode(map[string]any{"bays": []map[string]any{{"name": "A1", "row": 1}}}); err == nil {
		t.Fatalf("a key below a list that the walk missed is %+v", c)
	}
	if c, err := decode(map[string]any{"erase": map[string]any{"grace": "30"}}); err == nil {
		t.Fatalf("a bare number that the walk missed is %+v", c)
	}
}
