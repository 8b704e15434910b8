package locale

import (
	_ "embed"
	"fmt"
	"maps"
	"regexp"
	"strings"

	"github.com/parley-cx/parley/internal/domain"
)

//go:embed labels.txt
var labelText string

// label is a name in each language.
type label map[Language]string

// part is the labels of one enum, by value.
type part struct {
	enum   string // in snake_case
	labels map[string]label
}

// These head the parts that are no enums: what a scope allows, and what a desktop
// does by itself.
const (
	scopeVerbs   = "scope verbs"
	otherActions = "other actions"
)

// parseLabels reads parts in their order.
func parseLabels(text string) (parts []part, err error) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		name, heading := strings.CutPrefix(line, "[")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case heading:
			parts = append(parts, part{enum: strings.TrimSuffix(name, "]"), labels: map[string]label{}})
		default:
			value, names, ok := strings.Cut(line, ": ")
			english, french, both := strings.Cut(names, " | ")
			if !ok || !both || len(parts) == 0 || parts[len(parts)-1].labels[value] != nil {
				return nil, fmt.Errorf("line %d: want a value of a part, once, as value: English | French", number)
			}
			parts[len(parts)-1].labels[value] = label{English: english, French: french}
		}
	}
	return parts, nil
}

// Labels are the names of everything that the contract says in one word.
type Labels struct {
	Enums   map[string]map[string]string // by the enum's name in snake_case, then by value
	Actions map[string]string            // what can be done with an interaction or a reply
	Scopes  map[string]string            // by scope
}

// Labels gives every label in a language, and those of the scopes that are named.
func (c *Catalogue) Labels(l Language, scopes []domain.Scope) Labels {
	all := Labels{Enums: map[string]map[string]string{}, Actions: map[string]string{}, Scopes: map[string]string{}}
	for _, p := range c.parts {
		switch p.enum {
		case scopeVerbs:
			continue
		case "interaction_action", "reply_action":
			maps.Copy(all.Actions, p.in(l))
			all.Enums[p.enum] = p.in(l)
		case otherActions:
			maps.Copy(all.Actions, p.in(l))
		default:
			all.Enums[p.enum] = p.in(l)
		}
	}
	for _, scope := range scopes {
		all.Scopes[string(scope)] = c.scope(l, scope)
	}
	return all
}

func (p part) in(l Language) map[string]string {
	names := map[string]string{}
	for value, name := range p.labels {
		names[value] = name[l]
	}
	return names
}

// word names a value inside a sentence; in English it is shown as on the wire.
func (c *Catalogue) word(l Language, w domain.Word) string {
	for _, p := range c.parts {
		if name := p.labels[string(w)]; name != nil && l != English {
			return name[l]
		}
	}
	return string(w)
}

// scope writes a scope as an administrator knows it: Conversation > Message > Accept.
// Only the verb is translated: the rest is the name of a thing.
func (c *Catalogue) scope(l Language, s domain.Scope) string {
	steps := strings.Split(string(s), ":")
	for i, step := range steps {
		steps[i] = capital(spaced(step))
	}
	verb := string(s)[strings.LastIndexByte(string(s), ':')+1:]
	if name := c.verb(verb); name != nil {
		steps[len(steps)-1] = name[l]
	}
	return strings.Join(steps, " > ")
}

func (c *Catalogue) verb(verb string) label {
	for _, p := range c.parts {
		if p.enum == scopeVerbs {
			return p.labels[verb]
		}
	}
	return nil
}

var hump = regexp.MustCompile(`([a-z])([A-Z])`)

// spaced writes wrapupCode as two words.
func spaced(camel string) string { return hump.ReplaceAllString(camel, "$1 $2") }
