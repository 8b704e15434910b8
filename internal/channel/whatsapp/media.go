package whatsapp

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/channel/internal/graph"
)

// maxDescription bounds what is read of what the platform says of a file.
const maxDescription = 64 << 10

// upload puts a file where the account's messages can carry it, for thirty days.
func (a Adapter) upload(ctx context.Context, account channel.Account, f channel.File) (id string, r channel.Result) {
	body, err := f.Open(ctx)
	if err != nil {
		return "", channel.Result{Outcome: channel.OutcomeNotSent}
	}
	defer body.Close()
	kind := known(f.ContentType)
	file := graph.Upload{Fields: map[string]string{"messaging_product": product, "type": kind}, Name: f.Name, ContentType: kind, Size: f.Size, Body: body}
	return file.Send(ctx, a.Files, graph.Address(account, account.AccountID, "media"), graph.Token(account))
}

// known is a type as WhatsApp spells it.
func known(contentType string) string {
	if contentType == "audio/x-m4a" {
		return "audio/mp4"
	}
	return contentType
}

// description is what the platform says of a file. Its size is a number or, in an
// official example, a text.
type description struct {
	URL    string          `json:"url"`
	Type   string          `json:"mime_type"`
	SHA256 string          `json:"sha256"`
	Size   json.RawMessage `json:"file_size"`
}

// Media asks where a file is, which is true for some minutes, and opens it there. The
// token goes to nobody but the platform.
func (a Adapter) Media(ctx context.Context, account channel.Account, id string) (channel.Media, channel.Result) {
	token := graph.Token(account)
	if token == "" {
		return channel.Media{}, channel.Result{Outcome: channel.OutcomeUnauthorized}
	}
	answer, r := graph.Fetch(ctx, a.Files, graph.Address(account, id)+"?phone_number_id="+url.QueryEscape(account.AccountID), token)
	if answer == nil {
		return channel.Media{}, r
	}
	said, ok := read(answer)
	if !ok {
		return channel.Media{}, channel.Result{Outcome: channel.OutcomeNotSent, Status: r.Status}
	}
	if !trusted(account, said.URL) {
		return channel.Media{}, channel.Result{Outcome: channel.OutcomeRejected, Status: r.Status}
	}
	file, r := graph.Fetch(ctx, a.Files, said.URL, token)
	if file == nil {
		return channel.Media{}, r
	}
	return channel.Media{ContentType: said.Type, Size: size(said.Size), SHA256: digestOf(said.SHA256), Body: file.Body}, r
}

func read(answer *http.Response) (said description, ok bool) {
	defer answer.Body.Close()
	return said, json.NewDecoder(io.LimitReader(answer.Body, maxDescription)).Decode(&said) == nil
}

// platforms are the domains at which Meta keeps files.
func platforms() []string {
	return []string{"facebook.com", "fbsbx.com", "fbcdn.net", "whatsapp.net", "whatsapp.com"}
}

// trusted tells whether the token may go to an address: it is Meta's, or of the host
// that stands in for Meta.
func trusted(account channel.Account, address string) bool {
	to, err := url.Parse(address)
	if err != nil || to.Host == "" || to.User != nil {
		return false
	}
	if base, err := url.Parse(account.BaseURL); err == nil && account.BaseURL != "" && base.Scheme == to.Scheme && base.Host == to.Host {
		return true
	}
	name := strings.ToLower(to.Hostname())
	for _, domain := range platforms() {
		if to.Scheme == "https" && (to.Port() == "" || to.Port() == "443") && (name == domain || strings.HasSuffix(name, "."+domain)) {
			return true
		}
	}
	return false
}

// size reads a size; zero where it is none.
func size(raw json.RawMessage) int64 {
	n, err := strconv.ParseInt(scalar(raw), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// digestOf reads a SHA-256 in either of the ways in which Meta writes them, and gives
// it in hexadecimal; empty where it is none.
func digestOf(text string) string {
	for _, decode := range []func(string) ([]byte, error){hex.DecodeString, base64.StdEncoding.DecodeString, base64.RawURLEncoding.DecodeString} {
		if sum, err := decode(text); err == nil && len(sum) == 32 {
			return hex.EncodeToString(sum)
		}
	}
	return ""
}
