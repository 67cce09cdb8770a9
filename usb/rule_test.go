package usb

import (
	"os"
	"strings"
	"testing"

	"berth/dock"
)

func TestTheRuleAnswers(t *testing.T) {
	k := newKernel(t.TempDir(), t.Fatal)
	k.controller("pci0000:00/0000:00:04.0", 1, 2, 8)
	k.controller("pci0000:00/0000:00:05.0", 3, 4, 8)
	trusted := func(g gadget) gadget { g.trusted = true; return g }
	for _, each := range []struct {
		port   dock.Port
		gadget gadget
	}{
		{"1-1", stick()}, {"1-2", trusted(stick())}, {"2-2", trusted(keyboard())}, {"1-3", trusted(hub(4))}, {"1-3.1", trusted(hub(4))}, {"1-3.1.1", keyboard()},
		{"1-3.3", keyboard()}, {"1-4", keyboard()}, {"1-5", hub(4)}, {"2-3", falseHub()}, {"3-1", stick()}, {"3-3", broken()}, {"3-4", gadget{}}, {"3-5", composite()},
		{"3-6", gadget{descriptors: device(Interface{}, 1, 2, config(1, 1, face(0, 0, hid(), 0x81), face(0, 1, bulkOnly(), 0x82)))}},
	} {
		k.plug(each.port, each.gadget)
	}
	plan := &Plan{Slots: bays(), Signatures: BuiltIn()}
	for name, want := range map[string]struct{ with, without Word }{
		"usb1":      {WordCarriesBays, WordCarriesBays},
		"usb2":      {WordCarriesBays, WordCarriesBays}, // the other bus of the same controller
		"usb3":      {WordOther, WordCarriesBays},
		"1-1":       {WordCamera, WordBay},
		"1-2":       {WordCamera, WordBay},
		"2-2":       {WordBay, WordOther},   // what it says it is decides, not whether it is in
		"1-3":       {WordOther, WordOther}, // the hub of bays
		"2-3":       {WordBay, WordBay},     // what only says that it is a hub
		"1-3.1":     {WordBay, WordOther},   // a hub in a bay
		"1-3.1.1":   {WordBay, WordOther},   // behind a bay
		"1-3.3":     {WordOther, WordOther},
		"1-4":       {WordOther, WordOther},
		"1-5":       {WordOther, WordOther},
		"3-1":       {WordOther, WordBay},
		"3-3":       {WordOther, WordBay},
		"3-4":       {WordOther, WordBay},
		"3-5":       {WordOther, WordBay},
		"3-6":       {WordOther, WordBay}, // a keyboard that can become a disk
		"1-1:1.0":   {WordOther, WordOther},
		"usb01":     {WordOther, WordOther},
		"../usb1":   {WordOther, WordOther},
		"1-1/../x":  {WordOther, WordOther},
		"":          {WordOther, WordOther},
		"1-8":       {WordOther, WordBay}, // gone by now
		"usb9":      {WordOther, WordCarriesBays},
		"wlan-1-1.": {WordOther, WordOther},
	} {
		if got := Rule(k.sys, name, plan); got != want.with {
			t.Errorf("%s: %s, want %s", name, got, want.with)
		}
		if got := Rule(k.sys, name, nil); got != want.without {
			t.Errorf("%s, the config cannot be read: %s, want %s", name, got, want.without)
		}
	}
	for _, name := range []string{"usb1", "1-1", "1-3.1"} {
		if got := Rule(k.sys, name, &Plan{}); got != WordOther {
			t.Errorf("%s without USB bays: %s", name, got)
		}
	}
}

// While the controller that a bay is on has not come, it may be any that comes.
func TestAControllerThatHasNotComeMayBeThisOne(t *testing.T) {
	k := newKernel(t.TempDir(), t.Fatal)
	k.controller("pci0000:00/0000:00:04.0", 1, 2, 8)
	plan := &Plan{Slots: []Slot{{Bay: "A", Port: "3-1"}}}
	if got := Rule(k.sys, "usb1", plan); got != WordCarriesBays {
		t.Fatal(got)
	}
	k.controller("pci0000:00/0000:00:05.0", 3, 4, 8)
	for name, want := range map[string]Word{"usb1": WordOther, "usb2": WordOther, "usb3": WordCarriesBays, "usb4": WordCarriesBays} {
		if got := Rule(k.sys, name, plan); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// The rule that ships acts on these words and no others, and lets in nothing
// but "other".
func TestTheRulesFileKnowsTheWords(t *testing.T) {
	text, err := os.ReadFile("../systemd/60-berth.rules")
	if err != nil {
		t.Fatal(err)
	}
	acts := map[Word]string{}
	for line := range strings.Lines(string(text)) {
		rest, found := strings.CutPrefix(line, `RESULT=="`)
		if !found {
			continue
		}
		word, action, _ := strings.Cut(strings.TrimSpace(rest), `", `)
		acts[Word(word)] = action
	}
	want := map[Word]string{
		WordCarriesBays: `ATTR{authorized_default}="0"`,
		WordBay:         `ATTR{authorized}=="1", ATTR{authorized}="0"`,
		WordOther:       `ATTR{authorized}=="0", ATTR{authorized}="1"`,
	}
	for word, action := range want {
		if acts[word] != action {
			t.Errorf("%s: %s", word, acts[word])
		}
	}
	if len(acts) != len(want) {
		t.Errorf("%v", acts)
	}
}
