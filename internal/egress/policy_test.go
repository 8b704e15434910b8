package egress

import (
	"errors"
	"net/netip"
	"testing"
)

func TestCheckIP(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		want error // without AllowPrivate
		ips  []string
	}{
		{nil, []string{
			"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
			"169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255",
			"192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "::ffff:1.1.1.1",
			"2606:4700:4700::1111", "2001:200::1", "2a03:2880:f003::1", "2620:fe::fe", "3ffe::1",
		}},
		{RefusedPrivate, []string{
			"10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255",
			"127.0.0.0", "127.0.0.1", "127.255.255.255", "100.64.0.0", "100.127.255.255",
			"::1", "fc00::", "fd00::1", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
			"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:7f00:1", "0:0:0:0:0:ffff:c0a8:1",
		}},
		{RefusedReserved, []string{
			"0.0.0.0", "0.255.255.255", "169.254.0.0", "169.254.169.254", "169.254.255.255", "192.0.0.0", "192.0.0.255",
			"192.0.2.0", "192.0.2.255", "198.51.100.1", "203.0.113.1", "192.88.99.1", "198.18.0.0", "198.19.255.255",
			"224.0.0.0", "239.255.255.255", "240.0.0.0", "255.255.255.255", "100.100.100.200", "168.63.129.16",
			"::", "::2", "::127.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1", "fe80::1", "febf::1", "fec0::1",
			"ff02::1", "64:ff9b::7f00:1", "64:ff9b::1.1.1.1", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1",
			"2001::1", "2001:10::1", "2001:1ff:ffff::1", "2001:db8::1", "3fff::1", "3fff:fff::1", "100::1", "5f00::1",
			"fd00:ec2::254", "fd20:ce::254", "fd00:42::42", "fe80::1%eth0", "::1%lo", "2606:4700:4700::1111%eth0",
		}},
	} {
		for _, ip := range c.ips {
			wantCheckIP(t, ip, c.want)
		}
	}
}

// wantCheckIP also checks that AllowPrivate lifts what is private, and nothing else.
func wantCheckIP(t *testing.T, ip string, want error) {
	t.Helper()
	addr := netip.MustParseAddr(ip)
	if got := (Policy{}).CheckIP(addr); !errors.Is(got, want) {
		t.Errorf("%s: got %v, want %v", ip, got, want)
	}
	if want == error(RefusedPrivate) {
		want = nil
	}
	if got := (Policy{AllowPrivate: true}).CheckIP(addr); !errors.Is(got, want) {
		t.Errorf("%s with private networks: got %v, want %v", ip, got, want)
	}
}

func TestCheckIPRefusesNoAddress(t *testing.T) {
	t.Parallel()
	if err := (Policy{AllowPrivate: true}).CheckIP(netip.Addr{}); !errors.Is(err, RefusedReserved) {
		t.Errorf("got %v", err)
	}
}

func FuzzCheckIP(f *testing.F) {
	f.Add([]byte{127, 0, 0, 1})
	f.Add(netip.MustParseAddr("fe80::1").AsSlice())
	f.Fuzz(func(t *testing.T, raw []byte) {
		ip, ok := netip.AddrFromSlice(raw)
		if !ok {
			return
		}
		ip = ip.Unmap()
		if (Policy{}).CheckIP(ip) == nil && (!ip.IsGlobalUnicast() || ip.IsPrivate()) {
			t.Errorf("%s is allowed", ip)
		}
		if (Policy{AllowPrivate: true}).CheckIP(ip) == nil && (ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified()) {
			t.Errorf("%s is allowed with private networks", ip)
		}
	})
}
