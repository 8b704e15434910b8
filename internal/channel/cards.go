package channel

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode"

	"github.com/parley-cx/parley/internal/domain"
)

// words are the members of a platform's JSON, and of ours, whose values people
// write. Ids, times and addresses are none of them: they stay as they are.
var words = []string{
	"text", "textBody", "title", "subtitle", "payload", "description", "caption", "body", "comment", "feedback", "message", "note", "notes", "reason", "answer", "fallback", "handover_text", "label", "words", "handover_words", "pattern",
	"name", "filename", "file_name", "nickname", "firstName", "lastName", "first_name", "last_name", "display_name",
}

// free are members whose value holds members with names of somebody's own.
var free = []string{"attributes", "metadata", "fields", "variables", "substitutions"}

// MaskCards covers card data in what people wrote in a JSON text, and leaves every
// other byte as it is (C20). What they wrote are the values of members that are
// called so, the links that people share, and all other texts with white space, which
// no id, time or address has. The address of a file stays: it would lead nowhere. What is not JSON is covered as one text. What it gives is JSON where it got JSON.
func MaskCards(payload []byte) []byte {
	if !json.Valid(payload) {
		if text := string(payload); domain.HasCard(text) {
			return []byte(domain.MaskCards(text))
		}
		return payload
	}
	m := masking{in: payload}
	for m.at < len(m.in) {
		m.step()
	}
	if m.out == nil {
		return payload
	}
	return append(m.out, m.in[m.done:]...)
}

// Masked is the event without card data, also where a number comes together from
// parts, or the event was kept when nobody looked for such.
func (e Event) Masked() Event {
	e.Text, e.Name = domain.MaskCards(e.Text), domain.MaskCards(e.Name)
	for n, a := range e.Attachment {
		e.Attachment[n] = covered(a)
	}
	if p := e.Postback; p != nil {
		e.Postback = &domain.Postback{Title: domain.MaskCards(p.Title), Payload: domain.MaskCards(p.Payload)}
	}
	if q := e.QuickReply; q != nil {
		e.QuickReply = &domain.QuickReply{Payload: domain.MaskCards(q.Payload)}
	}
	return e
}

// Masked is the post without card data.
func (p Post) Masked() Post {
	p.Text, p.AuthorName = domain.MaskCards(p.Text), domain.MaskCards(p.AuthorName)
	p.Attachments = slices.Clone(p.Attachments)
	for n, a := range p.Attachments {
		p.Attachments[n] = covered(a)
	}
	return p
}

// covered is an attachment without card data: its name, and its address where that is
// a link which somebody shared.
func covered(a domain.Attachment) domain.Attachment {
	if a.Name = domain.MaskCards(a.Name); shared(a.Type) {
		a.URL = domain.MaskCards(a.URL)
	}
	return a
}

// shared tells whether what a platform calls so is a link, and no file to be fetched.
func shared(kind string) bool {
	return strings.EqualFold(kind, "fallback") || strings.EqualFold(kind, "link")
}

// masking is the way through one JSON text.
type masking struct {
	level
	in       []byte
	out      []byte // nil while nothing was covered
	at, done int    // done is up to where out holds in
	outer    []level
	links    map[string]bool // that people share; nil until one is asked for
}

// level is what says whose words a value is: its name, or that of the list it is in,
// as it is written; and whether the object that it is in is free.
type level struct {
	name []byte
	free bool
}

// step takes one token.
func (m *masking) step() {
	switch c := m.in[m.at]; {
	case c == '"':
		m.text()
	case c == '{' || c == '[':
		m.outer = append(m.outer, m.level)
		m.free = m.free || m.among(free)
		m.at++
	case c == '}' || c == ']':
		m.level, m.outer = m.outer[len(m.outer)-1], m.outer[:len(m.outer)-1]
		m.at++
	case c == '-' || c >= '0' && c <= '9':
		m.number()
	default:
		m.at++
	}
}

// text takes a name or a string.
func (m *masking) text() {
	from := m.at
	plain := m.skip()
	raw := m.in[from:m.at]
	if m.named() {
		m.name = raw
		return
	}
	address := m.among([]string{"url"})
	if plain && bytes.IndexAny(raw, "0123456789") < 0 || plain && bytes.IndexByte(raw, ' ') < 0 && !m.word() && !address {
		return
	}
	var text string
	if json.Unmarshal(raw, &text) == nil && (strings.IndexFunc(text, unicode.IsSpace) >= 0 || m.word() || address && m.link(text)) {
		m.cover(from, text)
	}
}

// link tells whether an address with card data is one that people share. The whole
// text is looked through once, where there is such an address: what says so may stand
// behind it.
func (m *masking) link(address string) bool {
	if !domain.HasCard(address) {
		return false
	}
	if m.links == nil {
		var whole any
		_ = json.Unmarshal(m.in, &whole) // it is valid
		m.links = map[string]bool{}
		collect(whole, false, m.links)
	}
	return m.links[address]
}

// collect finds the addresses in what is called a link.
func collect(value any, within bool, links map[string]bool) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			collect(item, within, links)
		}
	case map[string]any:
		for name, item := range v {
			kind, _ := item.(string)
			within = within || shared(kind) && (strings.EqualFold(name, "type") || strings.EqualFold(name, "mediaType"))
		}
		for _, item := range v {
			collect(item, within, links)
		}
	case string:
		if within {
			links[v] = true
		}
	}
}

// skip passes a string; plain tells that it has no escapes and nothing but ASCII.
func (m *masking) skip() (plain bool) {
	plain = true
	for m.at++; m.in[m.at] != '"'; m.at++ {
		if c := m.in[m.at]; c == '\\' {
			plain = false
			m.at++
		} else if c >= 0x80 {
			plain = false
		}
	}
	m.at++
	return plain
}

// named tells whether the string that was passed is a member's name.
func (m *masking) named() bool {
	for _, c := range m.in[m.at:] {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return c == ':'
		}
	}
	return false
}

// word tells whether the value at hand is people's words.
func (m *masking) word() bool { return m.free || m.among(words) }

// among tells whether the value at hand has one of some names, in any case: so
// are members found when they are read.
func (m *masking) among(names []string) bool {
	if len(m.name) == 0 {
		return false
	}
	name := m.name[1 : len(m.name)-1]
	if bytes.IndexFunc(name, func(c rune) bool { return c == '\\' || c >= 0x80 }) >= 0 {
		var plain string
		_ = json.Unmarshal(m.name, &plain) // a name of valid JSON is a string
		return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, plain) })
	}
	return slices.ContainsFunc(names, func(n string) bool { return len(n) == len(name) && strings.EqualFold(n, string(name)) })
}

// number takes a number: as a text, where a text is wanted.
func (m *masking) number() {
	from := m.at
	for m.at < len(m.in) && strings.IndexByte("+-.0123456789eE", m.in[m.at]) >= 0 {
		m.at++
	}
	if m.at-from >= shortest && m.word() {
		m.cover(from, string(m.in[from:m.at]))
	}
}

// shortest is how many digits a card's number has at least.
const shortest = 13

// cover writes the token that began at from anew, if it has card data.
func (m *masking) cover(from int, text string) {
	masked := domain.MaskCards(text)
	if masked == text {
		return
	}
	encoded, _ := json.Marshal(masked) // strings always encode
	m.out = append(append(m.out, m.in[m.done:from]...), encoded...)
	m.done = m.at
}
