package locale

import (
	"strings"
	"testing"

	"github.com/parley-cx/parley/internal/domain"
)

// TestF01Match: the reader's language, from what browsers and programs send.
func TestF01Match(t *testing.T) {
	t.Parallel()
	for accepted, want := range map[string]Language{
		"": English, "en": English, "en-GB": English, "de": English, "zh-Hant-TW, ja": English, "*": English, "nonsense;;;": English,
		"fr": French, "FR": French, "fr-FR": French, "fr-CA;q=0.8": French, " fr ; q=0.5 ": French, "fr-Latn-CA-x-own": French,
		"de, fr;q=0.5": French, "en;q=0.4, fr;q=0.5": French, "en-US,en;q=0.9,fr;q=0.8": English, "fr, en": French, "en, fr": English,
		"fr;q=0": English, "fr;q=0, en": English, "fr;q=2": English, "fr;q=much": English, "fr;v=1": English, "*;q=0.1, fr;q=0.2": French,
		"fro": English, "frr-DE": English, "f": English, ",,,": English, "fr;q=NaN": English,
	} {
		if got := Match(accepted); got != want {
			t.Errorf("%q is %s, want %s", accepted, got, want)
		}
	}
	if got := Match(strings.Repeat("x,", 30_000) + "fr"); got != French {
		t.Errorf("behind many others: %s", got)
	}
}

func TestF01Say(t *testing.T) {
	t.Parallel()
	french, err := parse("# a comment\nThere is no such %s.\n    %s n'existe pas.\n\nagent\n\tcet agent\n%s or %d\n  %[2]d ou %[1]s\nSee. %s\n Voir. %s")
	if err != nil {
		t.Fatal(err)
	}
	c := &Catalogue{french: french}
	noun, field := domain.Phrase("agent"), domain.FieldError{Detail: "%s or %d", Args: []any{"x", 7}}
	for _, test := range []struct {
		language Language
		sentence domain.Sentence
		args     []any
		want     string
	}{
		{English, "There is no such %s.", []any{noun}, "There is no such agent."},
		{French, "There is no such %s.", []any{noun}, "Cet agent n'existe pas."},
		{French, "There is no such %s.", []any{"ana"}, "ana n'existe pas."}, // a name stays as it is
		{French, "%s or %d", []any{"x", 7}, "7 ou x"},
		{French, "See. %s", []any{field}, "Voir. 7 ou x"},
		{English, "See. %s", []any{field}, "See. x or 7"},
		{French, "Untranslated %d%%", []any{3}, "Untranslated 3%"},
		{French, "100% sure", nil, "100% sure"},
	} {
		if got := c.Say(test.language, test.sentence, test.args...); got != test.want {
			t.Errorf("%s %q: %q, want %q", test.language, test.sentence, got, test.want)
		}
	}
}

func TestParseRefusesWhatIsNoPair(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"two sentences":                "One.\nTwo.\n",
		"a translation of nothing":     "  Un.\n",
		"two translations":             "One.\n  Un.\n  Une.\n",
		"a sentence without the other": "One.",
		"the same twice":               "One.\n  Un.\nOne.\n  Une.\n",
	} {
		if pairs, err := parse(text); err == nil {
			t.Errorf("%s: %v", name, pairs)
		}
	}
}

func TestTheCatalogueCanBeRead(t *testing.T) {
	t.Parallel()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for english, french := range c.French() {
		if strings.HasSuffix(english, ".") != strings.HasSuffix(french, ".") && !strings.HasSuffix(english, "%s") {
			t.Errorf("%q and %q do not end alike", english, french)
		}
	}
}
