package sim_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"berth/dock"
	"berth/usb/sim"
)

func mkdir(t *testing.T, path string) {
	t.Helper()
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// attachedOf returns what is docked, by folder name, and the problems' texts.
func attachedOf(t *testing.T, bus *sim.Bus) (map[string]dock.Generation, string) {
	t.Helper()
	attached, problems, err := bus.Attached(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	folders := map[string]dock.Generation{}
	for _, at := range attached {
		folders[at.Folder.Name] = at.Generation
	}
	texts := make([]string, len(problems))
	for i, problem := range problems {
		texts[i] = string(problem.Bay) + ": " + problem.Text
	}
	return folders, strings.Join(texts, "\n")
}

func TestFolderIsDockedUntilItIsMovedAway(t *testing.T) {
	dir := t.TempDir()
	bay, away := filepath.Join(dir, "bay"), filepath.Join(dir, "away")
	mkdir(t, bay)
	bus := newBus(t, sim.Bay{Name: "A1", Directory: bay})
	if got, problems := attachedOf(t, bus); len(got) != 0 || problems != "" {
		t.Fatalf("an empty bay has %v, %q", got, problems)
	}
	mkdir(t, filepath.Join(bay, "cam"))
	first := only(t, bus)
	if first.Bay != "A1" || first.Port != bay || first.Folder.Name != "cam" || first.Generation == 0 {
		t.Errorf("attached as %+v", first)
	}
	if again := only(t, bus); again.Generation != first.Generation {
		t.Error("a camera that stayed has a new generation")
	}
	rename(t, filepath.Join(bay, "cam"), away)
	if got, _ := attachedOf(t, bus); len(got) != 0 {
		t.Errorf("moved away and still attached: %v", got)
	}
	rename(t, away, filepath.Join(bay, "cam"))
	if back := only(t, bus); back.Generation == first.Generation {
		t.Error("a camera that came back has its old generation")
	}
}

func TestCameraThatLeftBetweenTwoLooksIsAnotherAttachment(t *testing.T) {
	for name, leave := range map[string]func(t *testing.T, bay, camera string){
		"moved away and back": func(t *testing.T, bay, camera string) {
			rename(t, camera, bay+".away")
			rename(t, bay+".away", camera)
		},
		"renamed and back": func(t *testing.T, bay, camera string) {
			rename(t, camera, camera+"x")
			rename(t, camera+"x", camera)
		},
		"removed and made anew": func(t *testing.T, bay, camera string) {
			if err := os.Remove(camera); err != nil {
				t.Fatal(err)
			}
			mkdir(t, camera)
		},
		"replaced": func(t *testing.T, bay, camera string) {
			mkdir(t, bay+".other")
			rename(t, camera, bay+".away")
			rename(t, bay+".other", camera)
		},
		"bay's directory moved away and back": func(t *testing.T, bay, camera string) {
			rename(t, bay, bay+".away")
			rename(t, bay+".away", bay)
		},
	} {
		t.Run(name, func(t *testing.T) {
			bay := filepath.Join(t.TempDir(), "bay")
			mkdir(t, bay)
			mkdir(t, filepath.Join(bay, "cam"))
			bus := newBus(t, sim.Bay{Name: "A1", Directory: bay})
			before := only(t, bus)
			leave(t, bay, filepath.Join(bay, "cam"))
			after := only(t, bus)
			if after.Generation <= before.Generation {
				t.Errorf("generation %d, then %d", before.Generation, after.Generation)
			}
			if again := only(t, bus); again.Generation != after.Generation {
				t.Errorf("generation %d, then %d though it stayed", after.Generation, again.Generation)
			}
		})
	}
}

// A change that the kernel told late is none of what came after it.
func TestOtherChangesInTheBayKeepTheAttachment(t *testing.T) {
	bay := t.TempDir()
	mkdir(t, filepath.Join(bay, "b"))
	bus := newBus(t, sim.Bay{Name: "A1", Directory: bay})
	before := only(t, bus)
	mkdir(t, filepath.Join(bay, "a"))
	put(t, filepath.Join(bay, "b", "new.mp4"), []byte("x"))
	rename(t, filepath.Join(bay, "a"), filepath.Join(bay, "c"))
	if err := os.Remove(filepath.Join(bay, "c")); err != nil {
		t.Fatal(err)
	}
	if after := only(t, bus); after.Generation != before.Generation {
		t.Error("it stayed and has a new generation")
	}
}

func TestSecondFolderWaitsForTheFirst(t *testing.T) {
	bay := t.TempDir()
	mkdir(t, filepath.Join(bay, "m"))
	bus := newBus(t, sim.Bay{Name: "A1", Directory: bay})
	first := only(t, bus)
	mkdir(t, filepath.Join(bay, "a"))
	mkdir(t, filepath.Join(bay, "z"))
	got, problems := attachedOf(t, bus)
	if len(got) != 1 || got["m"] != first.Generation {
		t.Errorf("attached: %v", got)
	}
	if problems != "A1: more than one folder in this bay; m is being read first" {
		t.Errorf("problems: %s", problems)
	}
	rename(t, filepath.Join(bay, "m"), bay+".m")
	if got, _ := attachedOf(t, bus); len(got) != 1 || got["a"] <= first.Generation {
		t.Errorf("after the first left: %v", got)
	}
}

func TestNothingButFoldersIsDocked(t *testing.T) {
	dir := t.TempDir()
	bay := filepath.Join(dir, "bay")
	mkdir(t, bay)
	mkdir(t, filepath.Join(dir, "outside"))
	mkdir(t, filepath.Join(bay, ".hidden"))
	put(t, filepath.Join(bay, ".file"), nil)
	if err := os.Symlink(filepath.Join(dir, "outside"), filepath.Join(bay, "link")); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(filepath.Join(bay, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	bus := newBus(t, sim.Bay{Name: "A1", Directory: bay})
	if got, problems := attachedOf(t, bus); len(got) != 0 || problems != "" {
		t.Errorf("attached %v, problems %q", got, problems)
	}
	put(t, filepath.Join(bay, "video.mp4"), nil)
	if got, problems := attachedOf(t, bus); len(got) != 0 || !strings.Contains(problems, "put them into a folder") {
		t.Errorf("attached %v, problems %q", got, problems)
	}
}

func TestBayThatCannotBeReadIsAProblemOfItsOwn(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "file"), nil)
	mkdir(t, filepath.Join(dir, "good"))
	mkdir(t, filepath.Join(dir, "good", "cam"))
	late := filepath.Join(dir, "late")
	bus := newBus(t, sim.Bay{Name: "A1", Directory: late}, sim.Bay{Name: "A2", Directory: filepath.Join(dir, "file")},
		sim.Bay{Name: "A3", Directory: filepath.Join(dir, "good")})
	got, problems := attachedOf(t, bus)
	if len(got) != 1 || got["cam"] == 0 {
		t.Errorf("attached: %v", got)
	}
	if problems != "A1: the bay's directory does not exist\nA2: the bay's directory is not a directory" {
		t.Errorf("problems: %s", problems)
	}
	mkdir(t, late)
	mkdir(t, filepath.Join(late, "camera-late"))
	if got, problems := attachedOf(t, bus); len(got) != 2 || strings.Contains(problems, "A1") {
		t.Errorf("after it appeared: %v, %s", got, problems)
	}
}

func TestHostileFolderNamesAreShownSafely(t *testing.T) {
	bay := t.TempDir()
	hostile := "\x1b[2J\xff\n" + strings.Repeat("n", 200)
	mkdir(t, filepath.Join(bay, hostile))
	mkdir(t, filepath.Join(bay, "z"))
	bus := newBus(t, sim.Bay{Name: "A1", Directory: bay})
	got, problems := attachedOf(t, bus)
	if got[hostile] == 0 {
		t.Errorf("attached: %v", got)
	}
	if !utf8.ValidString(problems) || strings.ContainsAny(problems, "\x1b\n") || len(problems) > 200 {
		t.Errorf("problem: %q", problems)
	}
}

func TestChangeGivesAHint(t *testing.T) {
	bay := t.TempDir()
	bus := newBus(t, sim.Bay{Name: "A1", Directory: bay})
	attachedOf(t, bus) // from here on the kernel tells
	mkdir(t, filepath.Join(bay, "cam"))
	<-bus.Changed()
	only(t, bus)
}

func TestTickerGivesHintsAndEndsWithTheBus(t *testing.T) {
	running := goleak.IgnoreCurrent()
	bus, err := sim.New([]sim.Bay{{Name: "A1", Directory: "nowhere"}}, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	<-bus.Changed()
	<-bus.Changed()
	if err := bus.Close(); err != nil {
		t.Error(err)
	}
	goleak.VerifyNone(t, running)
}

func TestBaysThatMeanTheSameAreRefused(t *testing.T) {
	for name, bays := range map[string][]sim.Bay{
		"name twice":      {{Name: "A1", Directory: "/a"}, {Name: "A1", Directory: "/b"}},
		"directory twice": {{Name: "A1", Directory: "/a"}, {Name: "A2", Directory: "/b/../a/"}},
		"no directory":    {{Name: "A1"}},
	} {
		if bus, err := sim.New(bays, time.Hour); err == nil {
			bus.Close()
			t.Errorf("%s: no error", name)
		}
	}
	if bus, err := sim.New(nil, 0); err == nil {
		bus.Close()
		t.Error("no interval: no error")
	}
}
