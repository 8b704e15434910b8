package auth

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxForm   = 64 << 10 // bytes
	formType  = "application/x-www-form-urlencoded"
	grantType = "client_credentials"
)

// Request is a request for a token: RFC 6749 section 4.4.2, and agent_id, the agent for whom the token shall act. What
// was left out is empty, because RFC 6749 section 3.2 takes an empty parameter for one that is not there.
type Request struct {
	GrantType    string
	ClientID     string
	ClientSecret string
	Scope        string // separated by spaces; empty asks for all
	AgentID      string
	Basic        bool // the client proved who it is by the Authorization header

	literal string // the secret as it stood in the header, which many clients do not encode
}

// ParseRequest reads a token request: a form of at most 64 KiB in the body, and the client's id and secret there or by
// HTTP Basic. It judges the form of the request only; the rest is for Endpoint.Issue. Of unknown parameters nothing is
// said, whatever they are.
func ParseRequest(r *http.Request) (Request, *OAuthError) {
	if fault := wantForm(r.Header.Get("Content-Type")); fault != nil {
		return Request{}, fault
	}
	form, fault := readForm(r.Body)
	if fault != nil {
		return Request{}, fault
	}
	request := Request{GrantType: form.Get("grant_type"), ClientID: form.Get("client_id"),
		ClientSecret: form.Get("client_secret"), Scope: form.Get("scope"), AgentID: form.Get("agent_id")}
	if len(r.Header.Values("Authorization")) == 0 {
		return request, nil
	}
	return request.withHeader(r)
}

// wantForm checks the content type of the body; what stands behind it, such as a charset, does not matter.
func wantForm(contentType string) *OAuthError {
	media, _, _ := mime.ParseMediaType(contentType)
	if media == formType {
		return nil
	}
	description := "The body must be a form: send Content-Type: " + formType + "."
	if strings.HasSuffix(media, "json") {
		description = "The body is JSON. Send the parameters as a form, with Content-Type: " + formType + "."
	}
	return refuse(codeInvalidRequest, description)
}

func readForm(body io.Reader) (url.Values, *OAuthError) {
	if body == nil {
		body = http.NoBody
	}
	raw, err := io.ReadAll(io.LimitReader(body, maxForm+1))
	if err != nil {
		return nil, refuse(codeInvalidRequest, "The body could not be read.")
	}
	if len(raw) > maxForm {
		return nil, refuse(codeInvalidRequest, "The body is longer than 64 KiB.")
	}
	form, err := url.ParseQuery(string(raw))
	if err != nil {
		return nil, refuse(codeInvalidRequest, "The body is not a well-formed form.")
	}
	for _, name := range []string{"grant_type", "client_id", "client_secret", "scope", "agent_id"} {
		if len(form[name]) > 1 {
			return nil, refuse(codeInvalidRequest, "The parameter "+name+" is there more than once.")
		}
	}
	return form, nil
}

// withHeader takes the client's id and secret from the Authorization header: RFC 6749 section 2.3.1. The form may say
// the same, but nothing else.
func (r Request) withHeader(from *http.Request) (Request, *OAuthError) {
	id, secret, ok := from.BasicAuth()
	if !ok || len(from.Header.Values("Authorization")) > 1 {
		return r, invalidClient(true, "The Authorization header must be one of the scheme Basic, with the client's id and secret.")
	}
	literal := secret
	id, secret = formDecoded(id), formDecoded(secret)
	if differs(r.ClientID, id) || differs(r.ClientSecret, secret) && differs(r.ClientSecret, literal) {
		return r, refuse(codeInvalidRequest, "The Authorization header and the form name different clients or secrets.")
	}
	r.ClientID, r.ClientSecret, r.literal, r.Basic = id, secret, literal, true
	return r, nil
}

func differs(inForm, inHeader string) bool { return inForm != "" && inForm != inHeader }

// formDecoded decodes what is encoded; what is not, stays as it is.
func formDecoded(text string) string {
	if decoded, err := url.QueryUnescape(text); err == nil {
		return decoded
	}
	return text
}

// fault gives what is wrong with a request whoever sent it.
func (r Request) fault() *OAuthError {
	if fault := r.faultyValue(); fault != nil {
		return fault
	}
	switch {
	case r.GrantType == "":
		return refuse(codeInvalidRequest, "The parameter grant_type is missing. Send "+grantType+".")
	case r.GrantType != grantType:
		return refuse(codeUnsupportedGrant, "The grant_type must be "+grantType+".")
	case r.ClientID == "" || r.ClientSecret == "":
		return invalidClient(r.Basic, "Send the client's id and secret by HTTP Basic or in the form.")
	}
	return nil
}

// faultyValue finds a value that is longer than the contract says, or that no database can be asked for.
func (r Request) faultyValue() *OAuthError {
	for _, p := range []struct {
		name, value string
		limit       int // characters
	}{
		{"grant_type", r.GrantType, 100},
		{"client_id", r.ClientID, 255},
		{"client_secret", r.ClientSecret, 255},
		{"scope", r.Scope, 8000},
		{"agent_id", r.AgentID, 36},
	} {
		switch {
		case utf8.RuneCountInString(p.value) > p.limit:
			return refuse(codeInvalidRequest, "The parameter "+p.name+" is too long.")
		case !utf8.ValidString(p.value) || strings.ContainsFunc(p.value, unicode.IsControl):
			return refuse(codeInvalidRequest, "The parameter "+p.name+" has characters that are not allowed.")
		}
	}
	return nil
}
