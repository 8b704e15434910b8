package egress

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

func TestCheckURL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		raw         string
		public      error // of the zero policy
		withPrivate error
	}{
		{"https://graph.facebook.com", nil, nil},
		{"https://graph.facebook.com:443/v23.0?x=y", nil, nil},
		{"https://graph.facebook.com:8443", nil, nil},
		{"HTTPS://Graph.Facebook.COM", nil, nil},
		{"https://xn--bcher-kva.example", nil, nil},
		{"https://under_score.example.com", nil, nil},
		{"https://1.1.1.1", nil, nil},
		{"https://[2606:4700:4700::1111]:443", nil, nil},
		{"https://localhost", nil, nil}, // a name: judged at each connection
		{"https://web", nil, nil},
		{"https://graph.facebook.com:", nil, nil},

		{"https://graph.facebook.com:9000", RefusedPort, nil},
		{"https://graph.facebook.com:80", RefusedPort, nil},
		{"https://graph.facebook.com:0", RefusedSyntax, RefusedSyntax},
		{"https://graph.facebook.com:0443", RefusedSyntax, RefusedSyntax},
		{"https://graph.facebook.com:65536", RefusedSyntax, RefusedSyntax},
		{"https://graph.facebook.com:99999999999999999999", RefusedSyntax, RefusedSyntax},
		{"http://graph.facebook.com", RefusedScheme, nil},
		{"http://127.0.0.1:9000", RefusedScheme, nil},
		{"https://127.0.0.1", RefusedPrivate, nil},
		{"https://10.0.0.8", RefusedPrivate, nil},
		{"https://[::1]:8443", RefusedPrivate, nil},
		{"https://[fd00::1]", RefusedPrivate, nil},

		{"https://169.254.169.254/latest/meta-data", RefusedReserved, RefusedReserved},
		{"https://[fd00:ec2::254]", RefusedReserved, RefusedReserved},
		{"https://0.0.0.0", RefusedReserved, RefusedReserved},
		{"https://[::]", RefusedReserved, RefusedReserved},
		{"https://[fe80::1]", RefusedReserved, RefusedReserved},

		{"ftp://graph.facebook.com", RefusedScheme, RefusedScheme},
		{"file:///etc/passwd", RefusedScheme, RefusedScheme},
		{"gopher://127.0.0.1:6379/_x", RefusedScheme, RefusedScheme},
		{"//graph.facebook.com", RefusedScheme, RefusedScheme},
		{"graph.facebook.com", RefusedScheme, RefusedScheme},
		{"", RefusedScheme, RefusedScheme},
		{"https:graph.facebook.com", RefusedSyntax, RefusedSyntax},
		{"https://", RefusedSyntax, RefusedSyntax},
		{"https:///path", RefusedSyntax, RefusedSyntax},
		{"https://:443", RefusedSyntax, RefusedSyntax},
		{" https://graph.facebook.com", RefusedSyntax, RefusedSyntax},
		{"https://graph.facebook.com\n", RefusedSyntax, RefusedSyntax},
		{`https://good.example\@evil.example`, RefusedSyntax, RefusedSyntax},
		{"https://user@graph.facebook.com", RefusedUserInfo, RefusedUserInfo},
		{"https://user:pass@127.0.0.1", RefusedUserInfo, RefusedUserInfo},
		{"https://@graph.facebook.com", RefusedUserInfo, RefusedUserInfo},
		{"https://example.com/" + strings.Repeat("a", maxURL), RefusedLength, RefusedLength},
	} {
		wantCheckURL(t, Policy{}, c.raw, c.public)
		wantCheckURL(t, Policy{AllowPrivate: true}, c.raw, c.withPrivate)
	}
}

func TestCheckURLRefusesOddSpellings(t *testing.T) {
	t.Parallel()
	for host, want := range oddSpellings() {
		wantCheckURL(t, Policy{}, "https://"+host+"/", want)
	}
}

// oddSpellings are the ways to write 127.0.0.1 that some program or other understands, with what CheckURL says.
func oddSpellings() map[string]error {
	return map[string]error{
		"127.1":                         RefusedHost,
		"127.0.1":                       RefusedHost,
		"2130706433":                    RefusedHost,
		"0x7f000001":                    RefusedHost,
		"0X7F000001":                    RefusedHost,
		"0x7f.0.0.1":                    RefusedHost,
		"0x7f.1":                        RefusedHost,
		"127.0.0.0x1":                   RefusedHost,
		"0177.0.0.1":                    RefusedHost,
		"017700000001":                  RefusedHost,
		"127.0.0.01":                    RefusedHost,
		"127.0.0.1.":                    RefusedHost,
		"127.0.0.257":                   RefusedHost,
		"localhost.":                    RefusedHost,
		"localhost..":                   RefusedHost,
		".localhost":                    RefusedHost,
		"127。0。0。1":                     RefusedHost,
		"127．0．0．1":                     RefusedHost,
		"127｡0｡0｡1":                     RefusedHost,
		"１２７.0.0.1":                     RefusedHost,
		"①②⑦.0.0.1":                     RefusedHost,
		"ⓛocalhost":                     RefusedHost,
		"%31%32%37.0.0.1":               RefusedSyntax,
		"127.0.0.1%00.example.com":      RefusedSyntax,
		"127.0.0.1%25.example.com":      RefusedHost,
		"example.com@127.0.0.1":         RefusedUserInfo,
		"[127.0.0.1]":                   RefusedSyntax,
		"[::ffff:127.0.0.1]":            RefusedPrivate,
		"[::ffff:7f00:1]":               RefusedPrivate,
		"[0:0:0:0:0:ffff:127.0.0.1]":    RefusedPrivate,
		"[::127.0.0.1]":                 RefusedReserved,
		"[::1%25lo]":                    RefusedReserved,
		"[0000::0001]":                  RefusedPrivate,
		"[64:ff9b::127.0.0.1]":          RefusedReserved,
		"[2002:7f00:1::]":               RefusedReserved,
		"[localhost]":                   RefusedSyntax,
		"-127.0.0.1":                    RefusedHost,
		"127.0.0.1-":                    RefusedHost,
		strings.Repeat("a", 64):         RefusedHost,
		strings.Repeat("a.", 127) + "a": RefusedHost,
	}
}

func TestCheckURLTellsNothingOfTheAddress(t *testing.T) {
	t.Parallel()
	err := Policy{}.CheckURL("https://user:hunter2@127.0.0.1")
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

func FuzzCheckURL(f *testing.F) {
	f.Add("https://graph.facebook.com:8443/v1")
	for host := range oddSpellings() {
		f.Add("https://" + host)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if (Policy{}).CheckURL(raw) != nil {
			return
		}
		u, err := url.Parse(raw)
		if err != nil || u.Scheme != "https" || u.User != nil || u.Hostname() == "" {
			t.Fatalf("%q is allowed (%v)", raw, err)
		}
		if ip, err := netip.ParseAddr(u.Hostname()); err == nil && (Policy{}).CheckIP(ip) != nil {
			t.Errorf("%q is allowed", raw)
		}
		if strings.Trim(u.Hostname(), "0123456789.") == "" && !netip.MustParseAddr(u.Hostname()).IsValid() {
			t.Errorf("%q is allowed", raw)
		}
	})
}

func wantCheckURL(t *testing.T, policy Policy, raw string, want error) {
	t.Helper()
	if got := policy.CheckURL(raw); !errors.Is(got, want) {
		t.Errorf("%.60q with %+v: got %v, want %v", raw, policy, got, want)
	}
}
