package config

import (
	"fmt"
	"strings"
)

const referenceHead = `# Every key of the configuration

Made from the code by ` + "`go test ./config -run TestReferenceIsCurrent -update`" + `; do not edit.

| key | written as | default | meaning |
|---|---|---|---|
`

// Reference is a Markdown page with every key, for REFERENCE.md.
func Reference() string {
	var b strings.Builder
	b.WriteString(referenceHead)
	rows(&b, schema(), "")
	return b.String()
}

func rows(b *strings.Builder, s *section, path string) {
	for _, f := range s.fields {
		p := join(path, f.key)
		initial := f.initial
		switch {
		case f.need:
			initial = "required"
		case initial != "":
			initial = "`" + initial + "`"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", p, kindWord(f), initial, strings.ReplaceAll(f.doc, "|", `\|`))
		if f.below != nil {
			if f.kind == kindSections {
				p += "[]"
			}
			rows(b, f.below, p)
		}
	}
}

// kindWord says how a key is written.
func kindWord(f field) string {
	switch f.kind {
	case kindSection:
		return "keys"
	case kindSections:
		return fmt.Sprintf("list of up to %d", f.max)
	case kindTexts:
		return fmt.Sprintf("list of up to %d %ss", f.max, formWord(f.form))
	case kindChoice:
		return "`" + strings.Join(f.choice, "`, `") + "`"
	case kindNumber:
		return fmt.Sprintf("1 to %d", f.max)
	case kindSwitch:
		return "`true`, `false`"
	case kindDuration:
		return "duration"
	case kindRate:
		return "rate"
	}
	return formWord(f.form)
}

func formWord(form string) string {
	switch form {
	case "station-id", "bay-name", "name":
		return "name"
	case "port":
		return "USB port"
	case "usb-id":
		return "`vendor:product`"
	case "path":
		return "path"
	case "glob":
		return "pattern"
	case "identity":
		return "source"
	}
	return "text"
}
