package graph

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/parley-cx/parley/internal/channel"
)

const (
	host           = "https://graph.facebook.com"
	defaultVersion = "v25.0"
	tokenKey       = "access_token"
)

// Token is the access token among an account's credentials; empty where it has none.
func Token(account channel.Account) string { return account.Credentials[tokenKey] }

// Address is where an object of the Graph API, or one of its edges, is called for an account.
func Address(account channel.Account, path ...string) string {
	address := strings.TrimRight(cmp.Or(account.BaseURL, host), "/") + "/" + url.PathEscape(cmp.Or(account.Version, defaultVersion))
	for _, part := range path {
		address += "/" + url.PathEscape(part)
	}
	return address
}

// Written is a body without escapes for HTML, which it is not. Strings always
// encode, so there is no error to tell of.
func Written(v any) []byte {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v)
	return bytes.TrimSpace(body.Bytes())
}
