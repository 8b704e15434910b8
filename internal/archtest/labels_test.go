package archtest

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	parley "github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/locale"
)

var hump = regexp.MustCompile(`([a-z])([A-Z])`)

// TestF03EveryLabelIsThere compares the labels with the contract's enums and scopes.
func TestF03EveryLabelIsThere(t *testing.T) {
	t.Parallel()
	catalogue, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	doc := contract(t)
	var scopes []parley.Scope
	for scope := range doc.Components.SecuritySchemes["bearer"].Value.Flows.ClientCredentials.Scopes {
		scopes = append(scopes, parley.Scope(scope))
	}
	english, french := catalogue.Labels(locale.English, scopes), catalogue.Labels(locale.French, scopes)
	enums := map[string]list{}
	for name, schema := range doc.Components.Schemas {
		if len(schema.Value.Enum) > 0 {
			enums[strings.ToLower(hump.ReplaceAllString(name, "${1}_$2"))] = enum(t, doc, name)
		}
	}
	for name, values := range enums {
		for _, value := range values {
			if french.Enums[name][value] == "" {
				t.Errorf("internal/locale/labels.txt lacks %s in [%s]", value, name)
			}
		}
	}
	for name, labels := range french.Enums {
		if enums[name] == nil {
			t.Errorf("internal/locale/labels.txt: the contract has no enum %s", name)
		}
		for value, label := range labels {
			if !slices.Contains(enums[name], value) {
				t.Errorf("internal/locale/labels.txt: the contract has no %s in [%s]", value, name)
			}
			if label == "" || english.Enums[name][value] == "" || label == value {
				t.Errorf("%s %s: %q and %q", name, value, english.Enums[name][value], label)
			}
		}
	}
	for scope, label := range french.Scopes {
		en := english.Scopes[scope]
		if cut := strings.LastIndex(en, " > "); cut < 0 || !strings.HasPrefix(label, en[:cut]) || label == en && !strings.HasSuffix(scope, ":plan") {
			t.Errorf("internal/locale/labels.txt lacks the verb of %s among its scope verbs: %q and %q", scope, en, label)
		}
	}
}
