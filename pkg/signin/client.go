package signin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"syscall"
	"time"
)

const (
	callTimeout = 10 * time.Second
	maxAnswer   = 1 << 20 // bytes of a discovery document, a set of keys, a token
)

// newClient makes the one outgoing client. The addresses in a discovery document are the provider's words: the client refuses those inside our
// network, except at the hosts that the settings name themselves.
func newClient(issuers []string) *http.Client {
	d := dialer{exempt: exemptHosts(issuers)}
	transport := &http.Transport{
		DialContext: d.dial, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: callTimeout,
		MaxIdleConnsPerHost: 2, IdleConnTimeout: 30 * time.Second, MaxResponseHeaderBytes: 64 << 10,
	}
	return &http.Client{
		Transport: bounded{transport}, Timeout: callTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("a provider's endpoint must not redirect")
		},
	}
}

// exemptHosts is HOST:PORT of each issuer of the settings.
func exemptHosts(issuers []string) []string {
	var hosts []string
	for _, issuer := range issuers {
		u, err := url.Parse(issuer)
		if err != nil || u.Host == "" {
			continue
		}
		port := u.Port()
		if port == "" {
			port = map[string]string{"http": "80"}[u.Scheme]
		}
		if port == "" {
			port = "443"
		}
		hosts = append(hosts, net.JoinHostPort(u.Hostname(), port))
	}
	return hosts
}

// dialer connects to public addresses and to exempt hosts.
type dialer struct {
	exempt []string
}

func (d dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	out := net.Dialer{Timeout: 5 * time.Second}
	if !slices.Contains(d.exempt, address) {
		// The check sees the address that is dialled, after the name was resolved: a name that resolves to another address each time gains nothing.
		out.Control = func(_, resolved string, _ syscall.RawConn) error { return public(resolved) }
	}
	return out.DialContext(ctx, network, address)
}

// reserved are networks that netip's own questions leave out: carrier-grade NAT, "this network", benchmarks, documentation, NAT64, reserved.
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("2001::/32"), netip.MustParsePrefix("2001:db8::/32"),
}

// public refuses an IP:PORT that is not out in the internet.
func public(address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("read address %s: %w", address, err)
	}
	ip := at.Addr().Unmap().WithZone("")
	inside := !ip.IsGlobalUnicast() || ip.IsPrivate() || slices.ContainsFunc(reserved, func(n netip.Prefix) bool { return n.Contains(ip) })
	if inside {
		return fmt.Errorf("connect to %s: the address is inside a network", address)
	}
	return nil
}

// loopback tells whether a host of a URL is this machine.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// bounded cuts answers that are longer than maxAnswer.
type bounded struct {
	http.RoundTripper
}

// RoundTrip sends a request and bounds its answer.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		response.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(response.Body, maxAnswer), response.Body}
	}
	return response, err
}
