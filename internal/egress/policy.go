// Package egress makes the requests whose address somebody else chose: a channel's API base, a subscriber's webhook, a
// customer's media link. Without it such an address is a way into the network that the product runs in.
//
// The rule that counts is enforced on the IP address that is dialled, after the name was resolved, because a name can
// answer one thing when it is checked and another when it is used. CheckURL only refuses early what can never work,
// so that the person who sets the address sees why.
package egress

import (
	"net/netip"
	"slices"

	"github.com/parley-cx/parley/internal/domain"
)

// Policy says where requests may go. The zero Policy allows the public internet only and is the right one in
// production.
type Policy struct {
	// AllowPrivate also allows loopback and private networks, plain http and any port: for a sandbox, and for
	// installations whose platforms or subscribers live on the same private network. Link-local, metadata, multicast
	// and reserved addresses stay refused.
	AllowPrivate bool
}

// Refusal is why an address is not used, as a sentence for the person who set it. Each one is a constant, so a caller
// can compare with errors.Is and translate it; none of them repeats the address.
type Refusal string

// The refusals. RefusedPrivate and RefusedPort are those that AllowPrivate lifts, and RefusedScheme for http.
const (
	RefusedSyntax   Refusal = "The address is not a complete URL with a host and, if it names a port, a valid one."
	RefusedLength   Refusal = "The address is longer than 2,048 characters."
	RefusedScheme   Refusal = "The address must begin with https://."
	RefusedUserInfo Refusal = "The address must not contain a user name or password."
	RefusedHost     Refusal = "The host of the address must be a domain name in ASCII (xn--… for others) or an IP address in its usual form."
	RefusedPort     Refusal = "The port of the address must be 443 or 8443."
	RefusedPrivate  Refusal = "The address leads to a private network or to this machine, which this installation does not allow."
	RefusedReserved Refusal = "The address leads to a link-local, metadata, multicast or reserved network, which is never allowed."
)

// Error is the sentence itself.
func (r Refusal) Error() string { return string(r) }

// Sentence is the same for a problem, which is told in its reader's language.
func (r Refusal) Sentence() domain.Sentence { return domain.Sentence(r) }

// CheckIP says whether a connection to ip may be made: nil, RefusedPrivate or RefusedReserved. An IPv4 address is
// judged the same however it is wrapped into IPv6.
func (p Policy) CheckIP(ip netip.Addr) error {
	if !ip.IsValid() || ip.Zone() != "" {
		return RefusedReserved
	}
	ip = ip.Unmap()
	switch {
	case isMetadata(ip):
		return RefusedReserved
	case isPrivate(ip) && p.AllowPrivate:
		return nil
	case isPrivate(ip):
		return RefusedPrivate
	case isReserved(ip):
		return RefusedReserved
	}
	return nil
}

// isMetadata names the addresses at which clouds hand out credentials and that lie outside the link-local range.
func isMetadata(ip netip.Addr) bool {
	return within(ip,
		"100.100.100.200/32", // Alibaba Cloud
		"168.63.129.16/32",   // Azure's host, on a public address
		"fd00:ec2::254/128",  // AWS
		"fd20:ce::254/128",   // Google Cloud
		"fd00:42::42/128",    // Scaleway
	)
}

// isPrivate names the networks that an operator may have reason to reach.
func isPrivate(ip netip.Addr) bool {
	return within(ip,
		"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
		"100.64.0.0/10", // shared by carriers, and by cluster networks
		"127.0.0.0/8", "::1/128",
		"fc00::/7",
	)
}

// isReserved names what nobody has reason to reach. Of IPv6, everything is reserved that is not global unicast, and
// the parts of it that carry an IPv4 address inside, since they lead wherever that address does.
func isReserved(ip netip.Addr) bool {
	if ip.Is6() {
		return !within(ip, "2000::/3") || within(ip,
			"2001::/23",     // protocol assignments, Teredo among them
			"2001:db8::/32", // documentation
			"2002::/16",     // 6to4
			"3fff::/20",     // documentation
		)
	}
	return within(ip,
		"0.0.0.0/8",
		"169.254.0.0/16", // link-local, with most clouds' metadata
		"192.0.0.0/24",
		"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", // documentation
		"192.88.99.0/24", // 6to4 relays
		"198.18.0.0/15",  // benchmarks
		"224.0.0.0/4",    // multicast
		"240.0.0.0/4",    // reserved, broadcast
	)
}

// within says whether ip is in one of the blocks. The blocks are read at each dial, which costs a microsecond and
// keeps them where they are used.
func within(ip netip.Addr, blocks ...string) bool {
	return slices.ContainsFunc(blocks, func(block string) bool {
		prefix, err := netip.ParsePrefix(block)
		return err == nil && prefix.Contains(ip)
	})
}
