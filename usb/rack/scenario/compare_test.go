package scenario

import (
	"maps"
	"slices"
	"testing"

	"berth/usb/rack"
	"berth/usb/rack/call"
)

// whole is a station that lost nothing: two files of one camera, two stores.
func whole() (map[string][]call.File, []recording, map[string]opened) {
	manifests := map[string][]call.File{"cam": {{Path: "a.mp4", Size: 3, SHA256: "content-a"}, {Path: "b.mp4", Size: 4, SHA256: "content-b"}}}
	recordings := []recording{{Camera: "cam", Name: "a.mp4", Size: 3, Sealed: "sealed-a"}, {Camera: "cam", Name: "b.mp4", Size: 4, Sealed: "sealed-b"}}
	store := opened{"sealed-a": "content-a", "sealed-b": "content-b"}
	return manifests, recordings, map[string]opened{"one": store, "other": maps.Clone(store)}
}

// What the rack finds counts only if the comparison can fail.
func TestComparisonNoticesWhatIsWrong(t *testing.T) {
	if manifests, recordings, stores := whole(); compare(manifests, recordings, stores) != nil {
		t.Fatal("a station that lost nothing is said to have")
	}
	for what, spoil := range map[string]func(map[string][]call.File, *[]recording, map[string]opened){
		"another digest in the manifest": func(m map[string][]call.File, _ *[]recording, _ map[string]opened) { m["cam"][1].SHA256 = "content-c" },
		"a file that became nothing":     func(_ map[string][]call.File, r *[]recording, _ map[string]opened) { *r = (*r)[:1] },
		"a file that became two":         func(_ map[string][]call.File, r *[]recording, _ map[string]opened) { *r = append(*r, (*r)[0]) },
		"another camera":                 func(_ map[string][]call.File, r *[]recording, _ map[string]opened) { (*r)[0].Camera = "other" },
		"another name":                   func(_ map[string][]call.File, r *[]recording, _ map[string]opened) { (*r)[0].Name = "A.MP4" },
		"another size":                   func(_ map[string][]call.File, r *[]recording, _ map[string]opened) { (*r)[0].Size++ },
		"a recording too many": func(_ map[string][]call.File, r *[]recording, _ map[string]opened) {
			*r = append(*r, recording{Camera: "cam", Name: "c.mp4"})
		},
		"not in one store": func(_ map[string][]call.File, _ *[]recording, s map[string]opened) { delete(s["other"], "sealed-b") },
		"other bytes in one store": func(_ map[string][]call.File, _ *[]recording, s map[string]opened) {
			s["other"]["sealed-b"] = "content-a"
		},
		"never stored, no sealed name": func(_ map[string][]call.File, r *[]recording, _ map[string]opened) { (*r)[1].Sealed = "" },
	} {
		manifests, recordings, stores := whole()
		spoil(manifests, &recordings, stores)
		if compare(manifests, recordings, stores) == nil {
			t.Errorf("%s goes unnoticed", what)
		}
	}
}

func TestEveryByteOfACardIsLookedFor(t *testing.T) {
	card := rack.Card{Seed: 1, Files: []call.File{{Path: "a", Size: 10}}}
	digest := card.Manifest()[0].SHA256
	stores := map[string]opened{"one": {"x": digest}, "other": {"y": digest}}
	if err := holdAll(stores, card); err != nil {
		t.Error(err)
	}
	stores["other"]["y"] = "something else"
	if holdAll(stores, card) == nil {
		t.Error("a store without the bytes goes unnoticed")
	}
}

func TestTreesAreComparedBothWays(t *testing.T) {
	manifest := []call.File{{Path: "a", SHA256: "1"}, {Path: "b", SHA256: "2"}}
	found := []call.File{{Path: "a", SHA256: "1", Kind: "file"}, {Path: "b", SHA256: "2", Kind: "file"}, {Path: "d", Kind: "dir"}}
	if err := sameTree(manifest, found); err != nil {
		t.Error(err)
	}
	if sameTree(manifest, found[:1]) == nil {
		t.Error("a file that is missing goes unnoticed")
	}
	if sameTree(manifest, append(slices.Clone(found), call.File{Path: "c", SHA256: "3", Kind: "file"})) == nil {
		t.Error("a file too many goes unnoticed")
	}
	manifest[0].SHA256 = "other"
	if sameTree(manifest, found) == nil {
		t.Error("another digest goes unnoticed")
	}
}
