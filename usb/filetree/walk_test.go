package filetree_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"berth/dock"
	"berth/usb/filetree"
)

func TestListingIsSortedByBytesAndHasTimesAndSizes(t *testing.T) {
	f := newFixture(t)
	for _, name := range []string{"b", "a/z", "a-b", "B", "\xff", "a/a/a", "a.mp4"} {
		f.put(t, name, "content of "+name)
	}
	when := time.Unix(1_600_000_000, 123_456_000)
	must(t, os.Chtimes(f.path("b"), when, when))
	listing := list(t, f.open(t))
	if want := []string{"B", "a-b", "a.mp4", "a/a/a", "a/z", "b", "\xff"}; !slices.Equal(names(listing), want) {
		t.Errorf("listed %q, want %q", names(listing), want)
	}
	if e := listing.Entries[5]; !e.Modified.Equal(when) || e.SizeBytes != int64(len("content of b")) || e.Known {
		t.Errorf("b is listed as %+v", e)
	}
	if listing.UsedBytes != -1 || !listing.Clean {
		t.Errorf("used %d bytes, clean %v; a shared filesystem cannot tell", listing.UsedBytes, listing.Clean)
	}
}

func TestTwoNamesOfOneFileAreTwoEntries(t *testing.T) {
	f := newFixture(t)
	f.put(t, "a", "same")
	must(t, os.Link(f.path("a"), f.path("b")))
	listing := list(t, f.open(t))
	if want := []string{"a", "b"}; !slices.Equal(names(listing), want) {
		t.Errorf("listed %q", names(listing))
	}
}

// opened counts how often a path is opened, by the kernel's word.
func opened(t *testing.T, paths ...string) func() int {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	must(t, err)
	t.Cleanup(func() { unix.Close(fd) })
	for _, path := range paths {
		_, err := unix.InotifyAddWatch(fd, path, unix.IN_OPEN)
		must(t, err)
	}
	return func() int {
		n, err := unix.Read(fd, make([]byte, 64<<10))
		if err == unix.EAGAIN {
			return 0
		}
		must(t, err)
		return n / unix.SizeofInotifyEvent
	}
}

func TestLinksPipesAndDevicesAreExceptionsAndNeverOpened(t *testing.T) {
	f := newFixture(t)
	f.put(t, "real.mp4", "x")
	must(t, os.Symlink(f.outside, f.path("to-file")))
	must(t, os.Symlink(filepath.Dir(f.outside), f.path("to-folder")))
	must(t, os.Symlink("real.mp4", f.path("to-sibling")))
	must(t, os.Symlink("nowhere", f.path("dangling")))
	must(t, unix.Mkfifo(f.path("pipe"), 0o666))
	must(t, unix.Mknod(f.path("socket"), unix.S_IFSOCK|0o666, 0))
	watched := []string{f.outside, filepath.Dir(f.outside), f.path("pipe")}
	want := map[string]dock.ExceptionKind{
		"to-file": dock.ExceptionLink, "to-folder": dock.ExceptionLink, "to-sibling": dock.ExceptionLink, "dangling": dock.ExceptionLink,
		"pipe": dock.ExceptionPipe, "socket": dock.ExceptionPipe,
	}
	if err := unix.Mknod(f.path("null"), unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))); err == nil {
		must(t, unix.Mknod(f.path("loop"), unix.S_IFBLK|0o666, int(unix.Mkdev(7, 0))))
		want["null"], want["loop"] = dock.ExceptionDevice, dock.ExceptionDevice
		watched = append(watched, f.path("null"), f.path("loop"))
	} else {
		t.Logf("DEVICES CANNOT BE MADE HERE: %v", err)
	}
	tree := f.open(t)
	opens := opened(t, watched...)
	listing := list(t, tree)
	if n := opens(); n != 0 {
		t.Errorf("%d of them were opened", n)
	}
	if got := kinds(listing); !maps.Equal(got, want) {
		t.Errorf("exceptions %v, want %v", got, want)
	}
	if !slices.Equal(names(listing), []string{"real.mp4"}) {
		t.Errorf("entries %q", names(listing))
	}
}

func TestOtherFilesystemBelowIsAnExceptionThatMayHoldContent(t *testing.T) {
	f := newFixture(t)
	f.put(t, "a", "x")
	f.put(t, "file", "x")
	for _, name := range []string{"tmpfs", "bind"} {
		must(t, os.Mkdir(f.path(name), 0o755))
	}
	mount(t, "none", f.path("tmpfs"), "tmpfs", 0)
	mount(t, filepath.Dir(f.outside), f.path("bind"), "", unix.MS_BIND)
	mount(t, f.outside, f.path("file"), "", unix.MS_BIND)
	listing := list(t, f.open(t))
	want := map[string]dock.ExceptionKind{"tmpfs": dock.ExceptionForeign, "bind": dock.ExceptionForeign, "file": dock.ExceptionForeign}
	if got := kinds(listing); !maps.Equal(got, want) || !slices.Equal(names(listing), []string{"a"}) {
		t.Errorf("entries %q, exceptions %v", names(listing), got)
	}
}

func TestWhatMayNotBeReadIsAnException(t *testing.T) {
	f := newFixture(t)
	for _, name := range []string{"ok", "locked-file", "locked-folder/a", "only-names/a", "only-search/a"} {
		f.put(t, name, "x")
	}
	for name, mode := range map[string]os.FileMode{"locked-file": 0, "locked-folder": 0, "only-names": 0o444, "only-search": 0o111} {
		must(t, os.Chmod(f.path(name), mode))
		t.Cleanup(func() { os.Chmod(f.path(name), 0o755) })
	}
	f.asNobody(t, func() {
		listing := list(t, f.open(t))
		want := map[string]dock.ExceptionKind{}
		for _, name := range []string{"locked-file", "locked-folder", "only-names", "only-search"} {
			want[name] = dock.ExceptionUnreadable
		}
		if got := kinds(listing); !maps.Equal(got, want) || !slices.Equal(names(listing), []string{"ok"}) {
			t.Errorf("entries %q, exceptions %v, want %v", names(listing), got, want)
		}
		for _, x := range listing.Exceptions {
			if x.Detail == "" || strings.Contains(x.Detail, string(x.Name)) {
				t.Errorf("%v: detail %q", x.Name, x.Detail)
			}
		}
	})
}

func TestUnreadableRootIsAnErrorAndNoEmptyCamera(t *testing.T) {
	f := newFixture(t)
	must(t, os.Chmod(f.dir, 0))
	t.Cleanup(func() { os.Chmod(f.dir, 0o755) })
	f.asNobody(t, func() {
		_, err := f.open(t).List(t.Context())
		wantError(t, "list", err, unix.EACCES)
	})
}

func TestTreeDeeperThanItIsWalkedIsAnException(t *testing.T) {
	f := newFixture(t)
	f.put(t, "1/2/3/deep", "x")
	f.put(t, "1/2/fits", "x")
	limits := func(o *filetree.Options) { o.Limits.Depth = 2 }
	listing := list(t, f.open(t, limits))
	want := map[string]dock.ExceptionKind{"1/2/3": dock.ExceptionTooDeep}
	if got := kinds(listing); !maps.Equal(got, want) || !slices.Equal(names(listing), []string{"1/2/fits"}) {
		t.Errorf("entries %q, exceptions %v", names(listing), got)
	}
	if got := list(t, f.open(t)); len(got.Exceptions) != 0 || len(got.Entries) != 2 {
		t.Errorf("by default: entries %q, exceptions %v", names(got), kinds(got))
	}
}

func TestLimitsOnNames(t *testing.T) {
	f := newFixture(t)
	for _, name := range []string{"a", "b", "x/c"} { // 4 names with the folder, 6 bytes
		f.put(t, name, "x")
	}
	for _, limits := range []filetree.Limits{{Names: 3}, {NameBytes: 5}} {
		_, err := f.open(t, func(o *filetree.Options) { o.Limits = limits }).List(t.Context())
		wantError(t, fmt.Sprintf("%+v", limits), err, dock.ErrLimit)
	}
	list(t, f.open(t, func(o *filetree.Options) { o.Limits = filetree.Limits{Names: 4, NameBytes: 6} }))
}

// TestPathLongerThanTheKernelTakes: 60 folders of 255 bytes each are 15 KiB.
func TestPathLongerThanTheKernelTakes(t *testing.T) {
	f := newFixture(t)
	element := strings.Repeat("d", 255)
	at, err := unix.Open(f.dir, unix.O_PATH|unix.O_DIRECTORY, 0)
	must(t, err)
	for range 60 {
		must(t, unix.Mkdirat(at, element, 0o755))
		next, err := unix.Openat(at, element, unix.O_PATH|unix.O_DIRECTORY, 0)
		must(t, err)
		must(t, unix.Close(at))
		at = next
	}
	defer unix.Close(at)
	file, err := unix.Openat(at, "a.mp4", unix.O_CREAT|unix.O_WRONLY, 0o644)
	must(t, err)
	_, err = unix.Write(file, []byte("deep"))
	must(t, err)
	must(t, unix.Close(file))
	tree := f.open(t)
	e := entry(t, tree, strings.Repeat(element+"/", 60)+"a.mp4")
	r, err := tree.Open(t.Context(), e, 1)
	must(t, err)
	if got := readAll(t, r); got != "eep" {
		t.Errorf("read %q", got)
	}
	must(t, tree.Erase(t.Context(), e, f.cleared(t, tree, e)))
	if listing := list(t, tree); len(listing.Entries)+len(listing.Exceptions) != 0 {
		t.Errorf("after erasing: %v", listing)
	}
}

func TestTwentyThousandFilesAreListed(t *testing.T) {
	f := newFixture(t)
	// In memory if that can be had: a disk is busy with so many names.
	if err := unix.Mount("none", f.dir, "tmpfs", 0, ""); err == nil {
		t.Cleanup(func() { must(t, unix.Unmount(f.dir, 0)) })
		f.attach(t)
	}
	for i := range 20_000 {
		if i%1000 == 0 {
			must(t, os.Mkdir(f.path(fmt.Sprint(i/1000)), 0o755))
		}
		fd, err := unix.Open(f.path(fmt.Sprintf("%d/MOV%05d.MP4", i/1000, i)), unix.O_CREAT|unix.O_WRONLY, 0o644)
		must(t, err)
		must(t, unix.Close(fd))
	}
	if listing := list(t, f.open(t)); len(listing.Entries) != 20_000 || len(listing.Exceptions) != 0 {
		t.Errorf("%d entries, %d exceptions", len(listing.Entries), len(listing.Exceptions))
	}
}

func TestSparseTebibyteIsListedWithItsSize(t *testing.T) {
	f := newFixture(t)
	f.put(t, "huge.mp4", "")
	must(t, os.Truncate(f.path("huge.mp4"), 1<<40))
	tree := f.open(t)
	e := entry(t, tree, "huge.mp4")
	if e.SizeBytes != 1<<40 {
		t.Errorf("%d bytes", e.SizeBytes)
	}
	r, err := tree.Open(t.Context(), e, 1<<40-3)
	must(t, err)
	if got := readAll(t, r); got != "\x00\x00\x00" {
		t.Errorf("its end is %q", got)
	}
}
