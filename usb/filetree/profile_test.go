package filetree_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"berth/dock"
	"berth/usb/filetree"
)

func TestProfileSortsFiles(t *testing.T) {
	f := newFixture(t)
	all := []string{"DCIM/100/a.MP4", "dcim/b.mp4", "DCIM/a.thm", "keep.THM", "x/LOG.TXT", "id.txt", "sub/ID.TXT", "\xffbad.tHm", "DCIM/line\nbreak.THM"}
	for _, name := range all {
		f.put(t, name, "0815-x")
	}
	profile := filetree.Profile{
		Name: "acme", Recordings: []string{"DCIM/**/*.mp4", "KEEP.*"}, Auxiliary: []string{"*.THM", "X/**"}, Identity: []string{"file:ID.TXT"},
	}
	listing := list(t, f.open(t, func(o *filetree.Options) { o.Profile = profile }))
	known := map[string]bool{}
	for _, e := range listing.Entries {
		known[string(e.Name)] = e.Known
	}
	if want := map[string]bool{"DCIM/100/a.MP4": true, "dcim/b.mp4": true, "keep.THM": true, "sub/ID.TXT": false}; !maps.Equal(known, want) {
		t.Errorf("known %v, want %v", known, want)
	}
	var got []string
	for _, x := range listing.Exceptions {
		if x.Kind != dock.ExceptionAuxiliary || x.SizeBytes != 6 {
			t.Errorf("%+v", x)
		}
		got = append(got, string(x.Name))
	}
	if want := []string{"DCIM/a.thm", "DCIM/line\nbreak.THM", "id.txt", "x/LOG.TXT", "\xffbad.tHm"}; !slices.Equal(got, want) {
		t.Errorf("auxiliary %q, want %q", got, want)
	}
}

func TestBadProfileIsRefusedWithEverythingThatIsWrong(t *testing.T) {
	profile := filetree.Profile{
		Name: "p", Recordings: []string{"[", ""}, Auxiliary: []string{"{a"},
		Identity: []string{"file:", "file:/etc/id", "file:../id", "file:a/./b", "", "file:ok.txt", "usb-serial"},
	}
	err := profile.Validate()
	if err == nil || len(strings.Split(err.Error(), "\n")) != 8 {
		t.Errorf("want 8 problems, got: %v", err)
	}
	if err := (filetree.Profile{}).Validate(); err != nil {
		t.Errorf("the zero profile: %v", err)
	}
}

func TestIdentityFileIsTakenOnlyIfItSaysSomething(t *testing.T) {
	for content, want := range map[string]dock.CameraID{
		"BC2-000123\n":                      "BC2-000123",
		"\xef\xbb\xbf  77123 \r\nmodel x\n": "77123",
		"no newline":                        "no%20newline",
		"a/b;c\n":                           "a%2Fb%3Bc",
		"-rf\n":                             "%2Drf",
		"7":                                 "7",
		"":                                  "",
		"\n12345\n":                         "",
		"  \t\n":                            "",
		"0000\n":                            "",
		"00-00:00\n":                        "",
		"FFFFFFFF\n":                        "",
		"123456789\n":                       "",
		"0123456789\n":                      "",
		"Unknown\n":                         "",
		"n/a":                               "",
		"bin\x01ary\n":                      "",
		"caf\xc3\xa9\n":                     "",
		strings.Repeat("1x", 32) + "\n":     dock.CameraID(strings.Repeat("1x", 32)),
		strings.Repeat("1x", 33) + "\n":     "",
		strings.Repeat("1x", 200):           "",
		strings.Repeat("\x00", 200):         "",
		strings.Repeat(" ", 300) + "id1\n":  "",
	} {
		f := newFixture(t)
		f.put(t, "SYS/ID.TXT", content)
		info := f.open(t, withIdentity("file:SYS/ID.TXT")).Info()
		wantBasis := "file:SYS/ID.TXT"
		if want == "" {
			want, wantBasis = "cam", "folder-name"
		}
		if info.ID != want || info.Basis != wantBasis || info.Profile != "p" {
			t.Errorf("%q: identified as %+v; want %q by %s", content, info, want, wantBasis)
		}
	}
}

func withIdentity(sources ...string) func(*filetree.Options) {
	return func(o *filetree.Options) { o.Profile = filetree.Profile{Name: "p", Identity: sources} }
}

func TestIdentitySourcesAreAskedInOrder(t *testing.T) {
	f := newFixture(t)
	f.put(t, "B.TXT", "from-b")
	f.put(t, "C.TXT", "from-c")
	for _, each := range []struct{ sources, want string }{
		{"file:A.TXT file:B.TXT file:C.TXT", "from-b file:B.TXT"},
		{"file:C.TXT file:B.TXT", "from-c file:C.TXT"},
		{"folder-name file:B.TXT", "cam folder-name"},
		{"usb-serial file:B.TXT", "serial-9 usb-serial"},
		{"file:A.TXT", "serial-9 usb-serial"},
		{"other-word", "serial-9 usb-serial"},
	} {
		info := f.open(t, withIdentity(strings.Fields(each.sources)...), func(o *filetree.Options) {
			o.Words = []filetree.Word{{Source: "usb-serial", Text: "serial-9"}, {Source: "folder-name", Text: "cam"}}
		}).Info()
		if got := string(info.ID) + " " + info.Basis; got != each.want {
			t.Errorf("%s: %s; want %s", each.sources, got, each.want)
		}
	}
}

func TestIdentityIsNotReadThroughLinksPipesAndFolders(t *testing.T) {
	for name, make := range map[string]func(f fixture) error{
		"link":   func(f fixture) error { return os.Symlink(f.outside, f.path("ID.TXT")) },
		"pipe":   func(f fixture) error { return unix.Mkfifo(f.path("ID.TXT"), 0o666) },
		"folder": func(f fixture) error { return os.Mkdir(f.path("ID.TXT"), 0o755) },
	} {
		f := newFixture(t)
		must(t, make(f))
		opens := opened(t, f.outside)
		if name == "pipe" {
			opens = opened(t, f.path("ID.TXT"))
		}
		defer func() {
			if n := opens(); n != 0 {
				t.Errorf("%s: opened %d times", name, n)
			}
		}()
		if info := f.open(t, withIdentity("file:ID.TXT")).Info(); info.ID != "cam" {
			t.Errorf("%s: identified as %+v", name, info)
		}
	}
}

func TestFolderNamesBecomeSafeAndDistinctIDs(t *testing.T) {
	seen := map[dock.CameraID]string{}
	long := strings.Repeat("n", 100)
	for _, name := range []string{"cam-7", "cam 7", "cam%207", "CAM-7", "\xff", "\xfe", "\n", "-", ".", "0000", "unknown", "\u202e", long + "a", long + "b", strings.Repeat("\x00", 255)} {
		f := newFixture(t)
		info := f.open(t, func(o *filetree.Options) { o.Words = []filetree.Word{{Source: "folder-name", Text: name}} }).Info()
		if info.ID == "" || len(info.ID) > 64 || strings.ContainsFunc(string(info.ID), func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Errorf("%q became %q", name, info.ID)
		}
		if other, taken := seen[info.ID]; taken {
			t.Errorf("%q and %q both became %q", name, other, info.ID)
		}
		seen[info.ID] = name
	}
}
