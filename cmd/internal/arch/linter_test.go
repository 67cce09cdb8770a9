package arch

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// depguard is the part of .golangci.yml that says who may import whom.
type depguard struct {
	Linters struct {
		Settings struct {
			Depguard struct {
				Rules map[string]struct {
					ListMode string   `yaml:"list-mode"`
					Files    []string `yaml:"files"`
					Allow    []string `yaml:"allow"`
				} `yaml:"rules"`
			} `yaml:"depguard"`
		} `yaml:"settings"`
	} `yaml:"linters"`
}

// The linter tells a writer at once what this package's tests tell later: both
// must say the same. A rule matches by prefix unless it ends with "$", without
// which `usb` would permit all that is below it.
func TestLinterHasTheSameTable(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(top(t), ".golangci.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var config depguard
	if err := yaml.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	rules := config.Linters.Settings.Depguard.Rules
	for name, want := range rooms() {
		rule, found := rules[name]
		if !found {
			t.Errorf("%s has no rule in .golangci.yml", name)
			continue
		}
		allow := []string{"$gostd"}
		for _, ours := range want.ours {
			allow = append(allow, "berth/"+ours+"$")
		}
		allow = append(allow, want.others...)
		slices.Sort(allow)
		slices.Sort(rule.Allow)
		if !slices.Equal(allow, rule.Allow) {
			t.Errorf("%s: .golangci.yml allows\n%s\nthe table of rooms\n%s", name, strings.Join(rule.Allow, "\n"), strings.Join(allow, "\n"))
		}
		if files := []string{"**/" + name + "/*.go", "!$test"}; rule.ListMode != "strict" || !slices.Equal(rule.Files, files) {
			t.Errorf("%s: the rule is %s for %q, want strict for %q", name, rule.ListMode, rule.Files, files)
		}
	}
	for name, rule := range rules {
		if _, room := rooms()[name]; !room && rule.ListMode == "strict" {
			t.Errorf("%s in .golangci.yml is no room", name)
		}
		for _, allowed := range rule.Allow {
			if strings.HasPrefix(allowed, "berth") && !strings.HasSuffix(allowed, "$") {
				t.Errorf("%s: %s is not anchored with $", name, allowed)
			}
		}
	}
}
