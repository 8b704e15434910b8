package auth

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
)

func post(body, contentType string, authorization ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/oauth/token", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	for _, a := range authorization {
		r.Header.Add("Authorization", a)
	}
	return r
}

// brokenOff is a request whose body stops before its end.
func brokenOff() *http.Request {
	r := post("", formType)
	r.Body = io.NopCloser(iotest.ErrReader(io.ErrUnexpectedEOF))
	return r
}

// basic encodes id and secret as RFC 6749 section 2.3.1 says.
func basic(id, secret string) string { return plainBasic(url.QueryEscape(id), url.QueryEscape(secret)) }

func plainBasic(id, secret string) string {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(id, secret)
	return r.Header.Get("Authorization")
}

func TestParseRequest(t *testing.T) {
	t.Parallel()
	const body = "grant_type=client_credentials"
	inForm := Request{GrantType: grantType, ClientID: "desk", ClientSecret: "secret"}
	inHeader := Request{GrantType: grantType, ClientID: "desk", ClientSecret: "secret", literal: "secret", Basic: true}
	for name, c := range map[string]struct {
		request *http.Request
		want    Request
	}{
		"form":               {post(body+"&client_id=desk&client_secret=secret", formType), inForm},
		"charset":            {post(body+"&client_id=desk&client_secret=secret", formType+"; charset=UTF-8"), inForm},
		"odd type parameter": {post(body+"&client_id=desk&client_secret=secret", strings.ToUpper(formType)+"; charset"), inForm},
		"unknown parameters": {post(body+"&client_id=desk&client_secret=secret&resource=a&resource=b&x", formType), inForm},
		"everything": {post(body+"&scope=a+b%20c&agent_id="+string(ana), formType),
			Request{GrantType: grantType, Scope: "a b c", AgentID: string(ana)}},
		"nothing":            {post("", formType), Request{}},
		"only in the body":   {func() *http.Request { r := post("", formType); r.URL.RawQuery = body; return r }(), Request{}},
		"basic":              {post(body, formType, basic("desk", "secret")), inHeader},
		"basic in lowercase": {post(body, formType, "basic"+basic("desk", "secret")[5:]), inHeader},
		"both the same":      {post(body+"&client_id=desk&client_secret=secret", formType, basic("desk", "secret")), inHeader},
		"id in both":         {post(body+"&client_id=desk", formType, basic("desk", "secret")), inHeader},
		"basic, encoded": {post(body, formType, basic("a:b c", "p%+:/é")),
			Request{GrantType: grantType, ClientID: "a:b c", ClientSecret: "p%+:/é", literal: "p%25%2B%3A%2F%C3%A9", Basic: true}},
		"basic, not encoded": {post(body, formType, plainBasic("desk", "a+b%zz:c")),
			Request{GrantType: grantType, ClientID: "desk", ClientSecret: "a+b%zz:c", literal: "a+b%zz:c", Basic: true}},
		"basic, empty secret": {post(body, formType, basic("desk", "")), Request{GrantType: grantType, ClientID: "desk", Basic: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, fault := ParseRequest(c.request); fault != nil || got != c.want {
				t.Errorf("got  %+v, %v\nwant %+v", got, fault, c.want)
			}
		})
	}
}

func TestParseRequestRefuses(t *testing.T) {
	t.Parallel()
	const body = "grant_type=client_credentials"
	for name, c := range map[string]struct {
		request *http.Request
		status  int
		code    string
	}{
		"JSON":              {post(`{"grant_type":"client_credentials"}`, "application/json"), 400, "invalid_request"},
		"no type":           {post(body, ""), 400, "invalid_request"},
		"multipart":         {post(body, "multipart/form-data; boundary=x"), 400, "invalid_request"},
		"garbled type":      {post(body, ";;;"), 400, "invalid_request"},
		"garbled form":      {post("grant_type=%zz", formType), 400, "invalid_request"},
		"semicolons":        {post(body+";scope=a", formType), 400, "invalid_request"},
		"too long":          {post(body+"&x="+strings.Repeat("x", maxForm), formType), 400, "invalid_request"},
		"very many":         {post(strings.Repeat("&x", 20_000)+"="+strings.Repeat("x", maxForm), formType), 400, "invalid_request"},
		"broken off":        {brokenOff(), 400, "invalid_request"},
		"twice grant_type":  {post(body+"&"+body, formType), 400, "invalid_request"},
		"twice client_id":   {post(body+"&client_id=a&client_id=a", formType), 400, "invalid_request"},
		"twice secret":      {post(body+"&client_secret=&client_secret=a", formType), 400, "invalid_request"},
		"twice scope":       {post(body+"&scope=a&scope=b", formType), 400, "invalid_request"},
		"twice agent_id":    {post(body+"&agent_id=a&agent_id=b", formType), 400, "invalid_request"},
		"different clients": {post(body+"&client_id=other", formType, basic("desk", "secret")), 400, "invalid_request"},
		"different secrets": {post(body+"&client_secret=other", formType, basic("desk", "secret")), 400, "invalid_request"},
		"Bearer":            {post(body, formType, "Bearer token"), 401, "invalid_client"},
		"Basic of nothing":  {post(body, formType, "Basic"), 401, "invalid_client"},
		"Basic garbled":     {post(body, formType, "Basic %%%"), 401, "invalid_client"},
		"Basic, no colon":   {post(body, formType, "Basic ZGVzaw=="), 401, "invalid_client"},
		"two headers":       {post(body, formType, basic("desk", "secret"), basic("desk", "secret")), 401, "invalid_client"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, fault := ParseRequest(c.request)
			wantOAuth(t, fault, c.status, c.code)
			if challenged := fault.Challenge != ""; challenged != (c.status == 401) || got.literal != "" {
				t.Errorf("challenge %q, request %+v", fault.Challenge, got)
			}
		})
	}
}

func TestJSONIsToldWhatToSend(t *testing.T) {
	t.Parallel()
	_, fault := ParseRequest(post(`{}`, "application/vnd.api+json; charset=utf-8"))
	wantOAuth(t, fault, 400, "invalid_request")
	if !strings.Contains(fault.Description, "JSON") || !strings.Contains(fault.Description, formType) {
		t.Errorf("not helpful: %s", fault.Description)
	}
}

func TestRequestWithoutABody(t *testing.T) {
	t.Parallel()
	_, fault := ParseRequest(&http.Request{Header: http.Header{"Content-Type": {formType}}})
	if fault != nil {
		t.Error(fault)
	}
}

// TestSecretsAreTakenAsTheyAreSent: clients that follow RFC 6749 encode what stands in the header; curl does not.
func TestSecretsAreTakenAsTheyAreSent(t *testing.T) {
	t.Parallel()
	const body = "grant_type=client_credentials"
	for _, secret := range []string{"secret", "a+b/c=", "100%", "%41", "a b", "a:b", "é"} {
		w := newWorld(t)
		client := w.clients[desk]
		client.SecretHash = hash(secret)
		w.save(client)
		for name, request := range map[string]*http.Request{
			"form":         post(body+"&client_id=desk&client_secret="+url.QueryEscape(secret), formType),
			"header":       post(body, formType, basic("desk", secret)),
			"plain header": post(body, formType, plainBasic("desk", secret)),
		} {
			r, fault := ParseRequest(request)
			if fault == nil {
				_, fault = w.endpoint().Issue(t.Context(), r)
			}
			if fault != nil {
				t.Errorf("%q in the %s: %v", secret, name, fault)
			}
		}
	}
}
