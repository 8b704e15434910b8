package domain

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Library is where canned responses are kept; a queue offers all of them or some.
type Library struct {
	ID           LibraryID
	Organization OrganizationID
	Name         string
	ExternalID   *string
	Version      int64
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// CannedResponse is a text that is ready to be said. {{name}} in it is a place that
// each reply fills.
type CannedResponse struct {
	ID           CannedResponseID
	Organization OrganizationID
	Name         string
	ExternalID   *string
	Library      *LibraryID
	Language     *string
	Text         string
	Version      int64
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// Places lists the names of the text's places, each once, in their order.
func (r CannedResponse) Places() []string {
	names := []string{}
	places(r.Text, func(name string) string {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		return ""
	})
	return names
}

// Fill puts values into the places. Each place needs one, and each value a place; a
// value is said as it is.
func (r CannedResponse) Fill(values map[string]string) (string, error) {
	names := r.Places()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		switch {
		case len(names) == 0:
			return "", Invalid("/substitutions", "canned_response.substitution_unknown", "The canned response does not have the place %s; it has none.", name)
		case !slices.Contains(names, name):
			return "", Invalid("/substitutions", "canned_response.substitution_unknown", "The canned response does not have the place %s; its places are: %s.", name, strings.Join(names, ", "))
		}
	}
	for _, name := range names {
		if _, given := values[name]; !given {
			return "", Invalid("/substitutions", "canned_response.substitution_missing", "The canned response has the place %s; substitutions must give it a value.", name)
		}
	}
	return places(r.Text, func(name string) string { return values[name] }), nil
}

// places puts something in each place of a text. What is no name between the braces
// is text.
func places(text string, put func(name string) string) string {
	var b strings.Builder
	for {
		before, rest, opened := strings.Cut(text, "{{")
		b.WriteString(before)
		if !opened {
			return b.String()
		}
		name, after, closed := strings.Cut(rest, "}}")
		if name = strings.TrimSpace(name); !closed || !isPlace(name) {
			b.WriteString("{{")
			text = rest
			continue
		}
		b.WriteString(put(name))
		text = after
	}
}

func isPlace(name string) bool {
	odd := func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("_-.", r))
	}
	return name != "" && len(name) <= 64 && !strings.ContainsFunc(name, odd)
}

// LibraryMode says which libraries a queue offers.
type LibraryMode string

const (
	// LibrariesAll offers every one.
	LibrariesAll LibraryMode = "all"
	// LibrariesSelected offers those that are listed.
	LibrariesSelected LibraryMode = "selected_only"
	// LibrariesNone offers no canned response at all.
	LibrariesNone LibraryMode = "none"
)

// Libraries are the canned responses that a queue offers; the zero value is all.
type Libraries struct {
	Mode LibraryMode
	IDs  []LibraryID
}

// Offers tells whether what is kept in a library, or in none, is offered.
func (l Libraries) Offers(library *LibraryID) bool {
	switch l.Mode {
	case LibrariesNone:
		return false
	case LibrariesSelected:
		return library == nil || slices.Contains(l.IDs, *library)
	}
	return true
}
