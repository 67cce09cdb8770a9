package main

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"berth/dock"
)

var update = flag.Bool("update", false, "write REFERENCE.md anew")

// The reference is made from the commands and the types themselves, so that it
// cannot say anything else than they do.
func TestReferenceSaysWhatTheCommandsDo(t *testing.T) {
	var doc strings.Builder
	doc.WriteString("# Commands\n\nMade from the code by `go test ./cmd/berth -run Reference -update`; do not edit.\n")
	root := newRoot()
	root.InitDefaultHelpFlag()
	describe(&doc, root)
	doc.WriteString("\n# JSON\n\nFields are added, never renamed or removed. What is unknown is null, never 0.\n")
	fields(&doc, "berth status --json", reflect.TypeFor[dock.Status]())
	fields(&doc, "berth recordings --json, an array of", reflect.TypeFor[recordingRow]())
	fields(&doc, "berth ports --json", reflect.TypeFor[portsReport]())
	fields(&doc, "berth recordings --exceptions --json, an array of", reflect.TypeFor[exceptionRow]())
	if *update {
		if err := os.WriteFile("REFERENCE.md", []byte(doc.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile("REFERENCE.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(kept) != doc.String() {
		t.Error("REFERENCE.md is not what the code says; run: go test ./cmd/berth -run Reference -update, and read the difference")
	}
}

func describe(doc *strings.Builder, cmd *cobra.Command) {
	text := cmd.Long
	if text == "" {
		text = cmd.Short + "."
	}
	fmt.Fprintf(doc, "\n## %s\n\n%s\n\n    %s\n", cmd.CommandPath(), text, cmd.UseLine())
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" {
			name, usage := pflag.UnquoteUsage(f)
			fmt.Fprintf(doc, "\n- `--%s`: %s", strings.TrimSpace(f.Name+" "+name), usage)
			if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" {
				fmt.Fprintf(doc, " (default %s)", f.DefValue)
			}
		}
	})
	if cmd.HasLocalFlags() {
		doc.WriteString("\n")
	}
	if cmd.Example != "" {
		fmt.Fprintf(doc, "\nFor example:\n\n%s\n", indent(cmd.Example))
	}
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			describe(doc, sub)
		}
	}
}

func indent(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = "    " + strings.TrimSpace(line)
	}
	return strings.Join(lines, "\n")
}

// fields lists a JSON object's members with their types, and then the objects in it.
func fields(doc *strings.Builder, title string, of reflect.Type) {
	fmt.Fprintf(doc, "\n## %s\n\n| field | type |\n|---|---|\n", title)
	var inner []reflect.StructField
	for _, f := range reflect.VisibleFields(of) {
		name := f.Tag.Get("json")
		if name == "" || name == "-" {
			continue
		}
		fmt.Fprintf(doc, "| `%s` | %s |\n", name, jsonType(f.Type))
		if t := elem(f.Type); t.Kind() == reflect.Struct && t.PkgPath() != "time" {
			inner = append(inner, f)
		}
	}
	for _, f := range inner {
		fields(doc, f.Tag.Get("json")+" of "+title, elem(f.Type))
	}
}

func elem(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

func jsonType(t reflect.Type) string {
	switch {
	case t.Kind() == reflect.Pointer:
		return jsonType(t.Elem()) + ", or null"
	case t.Kind() == reflect.Slice:
		return "array of " + jsonType(t.Elem())
	case t.String() == "time.Time":
		return "time, RFC 3339"
	case t.String() == "hashing.Digest":
		return "SHA-256, 64 hexadecimal digits; empty if unknown"
	}
	switch t.Kind() {
	case reflect.Struct:
		return "object"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "text"
	case reflect.Float64:
		return "number"
	}
	return "whole number"
}
