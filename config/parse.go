package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/viper"
	"go.yaml.in/yaml/v3"
)

// SizeMax bounds a config file, in bytes.
const SizeMax = 1 << 20

// Parse reads, checks and completes the text of the config file named file,
// without looking at any disk; relative paths become relative to the file's
// directory. The Config is complete only if there is no problem, and nil if
// the text is no YAML.
func Parse(file string, text []byte) (*Config, Problems) {
	c, w := parse(file, text)
	if c != nil {
		w.checkPlaces(c, filepath.Clean)
	}
	return c, w.problems.sorted()
}

// parse does everything but compare places, which Load does with the links on
// the disk resolved.
func parse(file string, text []byte) (*Config, *walk) {
	w := &walk{file: file, root: schema(), lines: map[string]int{}, defaulted: map[string]bool{}}
	dir, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		w.problem(0, "", fmt.Sprintf("the directory of the file cannot be told: %v", err), "")
		return nil, w
	}
	w.dir = dir
	n := w.document(text)
	if n == nil {
		return nil, w
	}
	values := w.section(n, w.root, "", 0)
	c, err := decode(values)
	if err != nil {
		w.problem(0, "", err.Error(), "")
		return nil, w
	}
	c.File, c.defaulted = file, w.defaulted
	w.checkNames(c)
	w.checkCopies(c)
	w.checkBays(c)
	w.checkCameras(c)
	w.checkUSB(c)
	return c, w
}

// document returns the one mapping that the text is, or nil with a problem.
func (w *walk) document(text []byte) *yaml.Node {
	if len(text) > SizeMax {
		w.problem(0, "", "is larger than 1 MiB", "this is no config file")
		return nil
	}
	const example = "'berth config example' prints one"
	d := yaml.NewDecoder(bytes.NewReader(text))
	var doc, second yaml.Node
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF):
		w.problem(0, "", "is empty", example)
		return nil
	case err != nil:
		w.syntax(err, text)
		return nil
	}
	if err := d.Decode(&second); err == nil {
		w.problem(second.Line, "", "holds a second document", "remove the line '---' and what follows")
		return nil
	} else if !errors.Is(err, io.EOF) {
		w.syntax(err, text)
		return nil
	}
	if len(doc.Content) == 0 || doc.Content[0].Tag == "!!null" {
		w.problem(0, "", "is empty", example)
		return nil
	}
	if n := doc.Content[0]; n.Kind != yaml.MappingNode {
		w.problem(n.Line, "", "holds "+describe(n)+" and should hold keys", example)
		return nil
	}
	return doc.Content[0]
}

// syntax tells what YAML itself refuses; tabs are by far the most frequent, and
// the parser's own words do not name them.
func (w *walk) syntax(err error, text []byte) {
	tabs := 0
	for i, line := range bytes.Split(text, []byte("\n")) {
		indent := line[:len(line)-len(bytes.TrimLeft(line, " \t"))]
		if bytes.ContainsRune(indent, '\t') && tabs < problemsMax {
			w.problem(i+1, "", "is indented with a tab", "YAML is indented with blanks")
			tabs++
		}
	}
	if tabs > 0 {
		return
	}
	line := 0
	message := err.Error()
	if m := regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`).FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1]) // absent is 0: no line known
		message = m[2]
	}
	w.problem(line, "", "is no YAML: "+clip(message), "look for a missing quote, bracket, colon or blank in this line or the one before")
}

// decode is the second wall: viper with its own strictness. What the walk let
// pass and viper refuses is a contradiction between the two, told as it is.
func decode(values map[string]any) (*Config, error) {
	v := viper.NewWithOptions(viper.KeyDelimiter("::"))
	if err := v.MergeConfigMap(values); err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	var c Config
	if err := v.UnmarshalExact(&c, viper.DecodeHook(mapstructure.TextUnmarshallerHookFunc())); err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	return &c, nil
}
