package dock

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func names(format string, numbers ...int) (out []RawName) {
	for _, n := range numbers {
		out = append(out, RawName(fmt.Sprintf(format, n)))
	}
	return out
}

func TestGaps(t *testing.T) {
	for name, c := range map[string]struct {
		names []RawName
		want  []Gap
	}{
		"none":                             {names("MOV_%04d.MP4", 1, 2, 3), nil},
		"one number":                       {names("MOV_%04d.MP4", 4, 1, 2), []Gap{{3, 3}}},
		"a run":                            {names("MOV_%04d.MP4", 1, 2, 9), []Gap{{3, 8}}},
		"not padded":                       {names("clip%d.avi", 8, 9, 11), []Gap{{10, 10}}},
		"a name twice":                     {names("MOV_%04d.MP4", 1, 1, 2), nil},
		"too few":                          {names("MOV_%04d.MP4", 1, 5), nil},
		"a jump":                           {names("MOV_%04d.MP4", 9998, 9999, 1, 2), nil},
		"digits in folder and extension":   {names("100MEDIA/M%03d.MP4", 1, 2, 4), []Gap{{3, 3}}},
		"folders apart":                    {append(names("a/%d.mp4", 1, 2), names("b/%d.mp4", 4, 5)...), nil},
		"stems apart":                      {append(names("a%d.mp4", 1, 2), names("b%d.mp4", 4, 5)...), nil},
		"extensions apart":                 {append(names("%d.mp4", 1, 2), names("%d.thm", 4, 5)...), nil},
		"something behind":                 {names("GH%04d-front.MP4", 1, 2, 4), []Gap{{3, 3}}},
		"no number":                        {[]RawName{"a", "b.mp4", "", "/", "."}, nil},
		"dates":                            {names("202601%02d.mp4", 1, 2, 5), nil},
		"moments":                          {names("20260102_1011%02d.mp4", 1, 2, 5), nil},
		"moments in one":                   {names("202601021011%02d.mp4", 1, 2, 5), nil},
		"eight digits that are no date":    {names("%08d.MTS", 1, 2, 4), []Gap{{3, 3}}},
		"six digits without a date before": {names("V%06d.mp4", 1, 2, 4), []Gap{{3, 3}}},
		"more digits than a counter has":   {names("99999999999999999999999%02d", 1, 2, 4), nil},
		"bytes that are no text":           {names("\xff\x00%d\n", 1, 2, 4), []Gap{{3, 3}}},
		"a leading dot":                    {names(".%d", 1, 2, 4), []Gap{{3, 3}}},
	} {
		if got, cut := Gaps(c.names); !reflect.DeepEqual(got, c.want) || cut {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestGapsAreBounded(t *testing.T) {
	var many []RawName
	for n := range 1000 {
		many = append(many, names("M%04d.mp4", 2*n)...)
	}
	got, cut := Gaps(many)
	if len(got) != maxGaps || !cut || got[0] != (Gap{1, 1}) || got[99] != (Gap{199, 199}) {
		t.Fatalf("%d gaps, cut %v", len(got), cut)
	}
	if got, cut := Gaps(many[:101]); len(got) != 100 || cut {
		t.Fatalf("%d gaps, cut %v", len(got), cut)
	}
}

func TestGapsNeverNameWhatIsThere(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		numbers := rapid.SliceOfN(rapid.IntRange(0, 60), 0, 40).Draw(rt, "numbers")
		gaps, _ := Gaps(names("M%d.mp4", numbers...))
		for _, g := range gaps {
			if g.From > g.To || slices.ContainsFunc(numbers, func(n int) bool { return int64(n) >= g.From && int64(n) <= g.To }) {
				rt.Fatalf("%v of %v", g, numbers)
			}
			if !slices.Contains(numbers, int(g.From-1)) || !slices.Contains(numbers, int(g.To+1)) {
				rt.Fatalf("%v does not lie between two of %v", g, numbers)
			}
		}
	})
}

func TestStatementIsCompleteOnlyWithoutOpenQuestions(t *testing.T) {
	for name, c := range map[string]struct {
		s    Statement
		want bool
	}{
		"nothing there":      {Statement{}, true},
		"all ingested":       {Statement{Listed: 2, Ingested: 2, Excepted: map[ExceptionKind]int{ExceptionLink: 1, ExceptionForeign: 0}}, true},
		"one not ingested":   {Statement{Listed: 2, Ingested: 1}, false},
		"content may remain": {Statement{Excepted: map[ExceptionKind]int{ExceptionTooDeep: 1}}, false},
	} {
		if c.s.Complete() != c.want {
			t.Errorf("%s: %v", name, !c.want)
		}
	}
}
