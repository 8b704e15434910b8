package egress

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// maxURL is what every proxy and log takes.
const maxURL = 2048

// CheckURL says whether raw may be stored as an address to send to: nil or a Refusal. It is for the moment an address
// is set. A name is not resolved, since the answer could be another one tomorrow; Client checks it at each connection.
//
// An IP address must be spelled the usual way: 127.1, 0x7f000001 and the like are read differently by different
// programs, and are refused rather than guessed at.
func (p Policy) CheckURL(raw string) error {
	if len(raw) > maxURL {
		return RefusedLength
	}
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" {
		return RefusedSyntax
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !p.AllowPrivate) {
		return RefusedScheme
	}
	if u.User != nil {
		return RefusedUserInfo
	}
	if u.Hostname() == "" {
		return RefusedSyntax
	}
	if err := p.checkHost(u.Hostname(), strings.HasPrefix(u.Host, "[")); err != nil {
		return err
	}
	return p.checkURLPort(u.Port())
}

// checkHost judges an IP address, and of a name only whether it is one.
func (p Policy) checkHost(host string, bracketed bool) error {
	ip, err := netip.ParseAddr(host)
	switch {
	case err == nil && bracketed == ip.Is6():
		return p.CheckIP(ip)
	case err == nil || bracketed || !isName(host):
		return RefusedHost
	}
	return nil
}

// isName says whether host is a domain name and cannot be taken for a number by any resolver: the last label, which
// is the one that resolvers look at, must not begin with a digit.
func isName(host string) bool {
	if len(host) > 253 {
		return false
	}
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if !isLabel(label) {
			return false
		}
	}
	last := labels[len(labels)-1]
	return last[0] < '0' || last[0] > '9'
}

// isLabel allows the underscore, which real hosts have though the standard has not.
func isLabel(label string) bool {
	if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	return strings.Trim(label, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}

// checkURLPort accepts no port, which means the scheme's own; http has got here only where every port is allowed.
func (p Policy) checkURLPort(port string) error {
	if port == "" {
		return nil
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 || port[0] == '0' {
		return RefusedSyntax
	}
	return p.checkPort(uint16(number))
}

func (p Policy) checkPort(port uint16) error {
	if p.AllowPrivate || port == 443 || port == 8443 {
		return nil
	}
	return RefusedPort
}
