package domain_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/parley-cx/parley/internal/domain"
)

func TestA10_D14_PlacesOfCannedResponses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text   string
		places []string
		values map[string]string
		want   string // or the code with which it is refused
	}{
		{"Hello", nil, nil, "Hello"},
		{"Hello {{name}}, {{ name }}!", []string{"name"}, map[string]string{"name": "Kim"}, "Hello Kim, Kim!"},
		{"{{b}}{{a}}", []string{"b", "a"}, map[string]string{"a": "1", "b": "2"}, "21"},
		{"{{a}}", []string{"a"}, map[string]string{"a": "{{b}} {{a}}"}, "{{b}} {{a}}"}, // a value is no text
		{"{{a}}", []string{"a"}, map[string]string{"a": ""}, ""},
		{"{{a b}} {{}} {{{x}} {{", nil, nil, "{{a b}} {{}} {{{x}} {{"},
		{"{{order.no-1}}", []string{"order.no-1"}, map[string]string{"order.no-1": "4711"}, "4711"},
		{"{{a}}", []string{"a"}, nil, "canned_response.substitution_missing"},
		{"{{a}}", []string{"a"}, map[string]string{"a": "1", "b": "2"}, "canned_response.substitution_unknown"},
		{"none", nil, map[string]string{"b": "2"}, "canned_response.substitution_unknown"},
	} {
		r := domain.CannedResponse{Text: c.text}
		if got := r.Places(); !slices.Equal(got, c.places) {
			t.Errorf("%q has the places %q", c.text, got)
		}
		got, err := r.Fill(c.values)
		var refused *domain.Error
		if errors.As(err, &refused) {
			got = refused.Code
		}
		if got != c.want {
			t.Errorf("%q with %v: %q, not %q", c.text, c.values, got, c.want)
		}
	}
}

func TestA10_WhatAQueueOffers(t *testing.T) {
	t.Parallel()
	one, two := domain.LibraryID("one"), domain.LibraryID("two")
	for _, c := range []struct {
		offered domain.Libraries
		library *domain.LibraryID
		want    bool
	}{
		{domain.Libraries{}, &one, true}, {domain.Libraries{}, nil, true},
		{domain.Libraries{Mode: domain.LibrariesAll}, &one, true},
		{domain.Libraries{Mode: domain.LibrariesSelected, IDs: []domain.LibraryID{one}}, &one, true},
		{domain.Libraries{Mode: domain.LibrariesSelected, IDs: []domain.LibraryID{one}}, &two, false},
		{domain.Libraries{Mode: domain.LibrariesSelected}, nil, true},
		{domain.Libraries{Mode: domain.LibrariesNone, IDs: []domain.LibraryID{one}}, &one, false},
		{domain.Libraries{Mode: domain.LibrariesNone}, nil, false},
	} {
		if got := c.offered.Offers(c.library); got != c.want {
			t.Errorf("%+v offers %v: %v", c.offered, c.library, got)
		}
	}
}

// TestA16_PublicIsAnsweredInPublic: unless the writer says otherwise.
func TestA16_PublicIsAnsweredInPublic(t *testing.T) {
	t.Parallel()
	for origin, want := range map[domain.Origin]domain.Visibility{domain.OriginPost: domain.Public, domain.OriginMessage: domain.Private, "": domain.Private} {
		if got := (domain.Interaction{Origin: origin}).DefaultVisibility(); got != want {
			t.Errorf("what began as a %s is answered in %s", origin, got)
		}
	}
}
