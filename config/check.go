package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Check tells what makes the settings unusable, and apart from it what is allowed but probably not meant.
func (c Config) Check() (errs []error, warnings []string) {
	check := checker{}
	check.backend(c)
	check.addresses(c)
	check.numbers(c)
	check.signin(c)
	check.payment(c)
	check.test(c)
	return check.errs, check.warnings
}

// CheckServing tells what a process lacks that is to serve the roles of the settings. Commands that only look at the backend do without it.
func (c Config) CheckServing() (errs []error) {
	serves := func(role string) bool { return len(c.Role) == 0 || slices.Contains(c.Role, role) }
	if c.Backend != "aws" {
		return nil
	}
	if c.SessionSecret == "" && serves("web") {
		errs = append(errs, errors.New("session_secret is required on AWS: every web server must sign sessions alike"))
	}
	if c.BaseURL == "" && (serves("web") || serves("notify")) {
		errs = append(errs, errors.New("base_url is required on AWS: mails and providers lead there"))
	}
	return errs
}

type checker struct {
	errs     []error
	warnings []string
}

func (k *checker) fail(format string, args ...any) {
	k.errs = append(k.errs, fmt.Errorf(format, args...))
}

func (k *checker) warn(format string, args ...any) {
	k.warnings = append(k.warnings, fmt.Sprintf(format, args...))
}

func (k *checker) backend(c Config) {
	switch c.Backend {
	case "local":
		if c.Data == "" {
			k.fail("data is empty: the local backend needs a folder")
		}
	case "aws":
		if vault, name, _ := strings.Cut(c.AWS.Vault, ":"); vault != "s3" && (vault != "glacier" || name == "") {
			k.fail("vault is %q, neither s3 nor glacier:NAME", c.AWS.Vault)
		}
	default:
		k.fail("backend is %q, neither local nor aws", c.Backend)
	}
	if c.SessionSecret != "" && len(c.SessionSecret.Reveal()) < 32 {
		k.fail("session_secret is shorter than 32 bytes")
	}
	switch c.LogLevel {
	case "debug", "info", "warn", "error":
	default:
		k.fail("log_level is %q, none of debug, info, warn and error", c.LogLevel)
	}
}

func (k *checker) addresses(c Config) {
	if c.Addr != "" {
		if _, _, err := net.SplitHostPort(c.Addr); err != nil {
			k.fail("addr is %q, not HOST:PORT", c.Addr)
		} else if !loopbackHost(hostOf(c.Addr)) && c.TLSCert == "" && !strings.HasPrefix(c.BaseURL, "https://") {
			k.warn("addr %s can be reached from other machines, without TLS: set tls_cert and tls_key, or base_url when a proxy does it", c.Addr)
		}
	}
	if c.MetricsAddr != "" {
		if _, _, err := net.SplitHostPort(c.MetricsAddr); err != nil {
			k.fail("metrics_addr is %q, not HOST:PORT", c.MetricsAddr)
		} else if !loopbackHost(hostOf(c.MetricsAddr)) {
			k.fail("metrics_addr %s is not on this machine alone", c.MetricsAddr)
		}
	}
	if c.BaseURL != "" {
		u, err := url.Parse(c.BaseURL)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
			k.fail("base_url is %q, not http(s)://HOST", c.BaseURL)
		}
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		k.fail("tls_cert and tls_key belong together")
	}
	if c.BaseURL == "" && c.SMTPURL != "" {
		k.warn("base_url is empty: the links in mails lead nowhere, and no address can be confirmed")
	}
	for _, network := range c.TrustedProxies {
		if _, err := netip.ParsePrefix(network); err != nil {
			if _, err := netip.ParseAddr(network); err != nil {
				k.fail("trusted_proxies holds %q, neither an address nor a network", network)
			}
		}
	}
}

func (k *checker) numbers(c Config) {
	durations := []struct {
		key   string
		value time.Duration
		least time.Duration
	}{
		{"free_window", c.FreeWindow, 0},
		{"retrieval_expedited", c.RetrievalExpedited, 0},
		{"retrieval_standard", c.RetrievalStandard, 0},
		{"queue_visibility", c.QueueVisibility, time.Second},
		{"sweep_every", c.SweepEvery, 100 * time.Millisecond},
		{"drain", c.Drain, 0},
	}
	for _, d := range durations {
		if d.value < d.least {
			k.fail("%s is %s, less than %s", d.key, FormatDuration(d.value), FormatDuration(d.least))
		}
	}
	if c.FreeUploadLimit <= 0 || c.PremiumUploadLimit <= 0 {
		k.fail("free_upload_limit and premium_upload_limit must be more than 0")
	}
	if c.PremiumUploadLimit < c.FreeUploadLimit {
		k.warn("premium_upload_limit is less than free_upload_limit")
	}
	if c.JobLimitRunning.Free < 1 || c.JobLimitRunning.Premium < 1 || c.JobLimitQueued.Free < 1 || c.JobLimitQueued.Premium < 1 {
		k.fail("job_limit_running and job_limit_queued must be at least 1")
	}
	if c.Drain > 0 && c.QueueVisibility > 0 && c.Drain < time.Second {
		k.warn("drain is %s: almost every stop will interrupt work, which then runs again", FormatDuration(c.Drain))
	}
}

func (k *checker) signin(c Config) {
	switch c.LocalSignin {
	case "auto", "on", "off":
	default:
		k.fail("local_signin is %q, none of auto, on and off", c.LocalSignin)
	}
	if c.LocalSignin == "on" && !c.Loopback() {
		k.warn("local_signin is on and base_url is not this machine: whoever has a one-time link is signed in")
	}
	if (c.OIDCIssuer == "") != (c.OIDCClientID == "") {
		k.fail("oidc_issuer and oidc_client_id belong together")
	}
	seen := map[string]bool{}
	for _, p := range c.AllProviders() {
		switch {
		case p.Name == "" || p.ClientID == "":
			k.fail("a provider lacks its name or client_id")
		case seen[p.Name]:
			k.fail("two providers are called %s", p.Name)
		}
		seen[p.Name] = true
	}
	if _, port, err := net.SplitHostPort(c.Addr); err == nil && port == "0" && c.BaseURL == "" && len(seen) > 0 {
		k.fail("base_url is needed where addr takes any free port: providers send people back there")
	}
	if c.LocalSignin == "off" && len(seen) == 0 {
		k.warn("nobody can sign in: local_signin is off and no provider is set")
	}
}

func (k *checker) payment(c Config) {
	if c.StripeSecretKey == "" {
		return
	}
	secrets, prices := c.StripeSecrets(), c.StripePrices()
	if len(secrets) == 0 || len(prices) == 0 {
		k.fail("stripe_secret_key needs stripe_webhook_secret and stripe_price_id beside it")
	}
	if len(secrets) > 2 {
		k.fail("stripe_webhook_secret holds %d secrets; while it is rotated there are two", len(secrets))
	}
	kind, rest, _ := strings.Cut(c.StripeSecretKey.Reveal(), "_")
	mode, _, _ := strings.Cut(rest, "_")
	switch {
	case kind != "sk" && kind != "rk", mode != "live" && mode != "test":
		k.fail("stripe_secret_key begins with none of sk_live_, sk_test_, rk_live_ and rk_test_")
	case mode == "test" && !c.Loopback():
		k.warn("stripe_secret_key is one of Stripe's test mode: no money is taken")
	}
}

// StripeSecrets are the secrets of stripe_webhook_secret: one, or two while it is rotated.
func (c Config) StripeSecrets() []string { return commaList(c.StripeWebhookSecret.Reveal()) }

// StripePrices are the prices of stripe_price_id: the first is sold, all of them count.
func (c Config) StripePrices() []string { return commaList(c.StripePriceID) }

func commaList(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

// test keeps failpoints and a moved clock away from real systems.
func (k *checker) test(c Config) {
	if c.Failpoint == "" && c.ClockOffset == 0 && c.AWSCalls == "" && c.StripeURL == "" {
		return
	}
	if c.Backend != "aws" {
		k.warn("failpoints, a moved clock or a payment server of a test are in use (GAS_TEST=1)")
		return
	}
	if err := loopbackEndpoints(os.Environ()); err != nil {
		k.errs = append(k.errs, err)
	}
}

// loopbackEndpoints returns an error unless the environment leads every AWS service to this machine.
func loopbackEndpoints(environ []string) error {
	general := false
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		if !strings.HasPrefix(name, "AWS_ENDPOINT_URL") || value == "" {
			continue
		}
		u, err := url.Parse(value)
		if err != nil || !loopbackHost(u.Hostname()) {
			return fmt.Errorf("GAS_TEST is refused: %s does not lead to this machine", name)
		}
		general = general || name == "AWS_ENDPOINT_URL"
	}
	if !general {
		return errors.New("GAS_TEST is refused on AWS: AWS_ENDPOINT_URL does not lead to this machine")
	}
	return nil
}

// issuers is where a kind of provider lives, where the settings do not say it.
var issuers = map[string]string{"globus": "https://auth.globus.org", "google": "https://accounts.google.com", "orcid": "https://orcid.org"}

// AllProviders lists the provider of the settings oidc_* first, then those of the file, each with its issuer.
func (c Config) AllProviders() []Provider {
	var all []Provider
	if c.OIDCIssuer != "" {
		all = append(all, Provider{Name: "oidc", Kind: "oidc", Issuer: c.OIDCIssuer, ClientID: c.OIDCClientID, ClientSecret: c.OIDCClientSecret})
	}
	for _, p := range c.Providers {
		if p.Issuer == "" {
			p.Issuer = issuers[p.Kind]
		}
		all = append(all, p)
	}
	return all
}

// URL is how people reach an address that was bound: base_url, else the address itself, and this machine where that is every interface.
func (c Config) URL(bound string) string {
	if c.BaseURL != "" {
		return strings.TrimRight(c.BaseURL, "/")
	}
	scheme := "http"
	if c.TLSCert != "" {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(bound)
	if err != nil {
		return scheme + "://" + bound
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// Loopback tells whether base_url, or where it is empty addr, is this machine alone.
func (c Config) Loopback() bool {
	if c.BaseURL != "" {
		u, err := url.Parse(c.BaseURL)
		return err == nil && loopbackHost(u.Hostname())
	}
	return c.Addr == "" || loopbackHost(hostOf(c.Addr))
}

// LocalSigninOn resolves local_signin: auto is on where base_url is this machine.
func (c Config) LocalSigninOn() bool {
	return c.LocalSignin == "on" || (c.LocalSignin == "auto" && c.Loopback())
}

// Absolute makes the paths of the configuration independent of the working folder.
func (c *Config) Absolute() error {
	for _, path := range []*string{&c.Data, &c.References, &c.Databases, &c.TLSCert, &c.TLSKey} {
		if *path == "" {
			continue
		}
		absolute, err := filepath.Abs(*path)
		if err != nil {
			return fmt.Errorf("find the folder of %s: %w", *path, err)
		}
		*path = absolute
	}
	return nil
}

func hostOf(addr string) string {
	host, _, _ := net.SplitHostPort(addr)
	return host
}

func loopbackHost(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
