package config

import (
	"encoding/base64"
	"errors"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sealingKeySize is the length in bytes of the key in PARLEY_SEALING_KEY.
const sealingKeySize = 32

// Validate returns every fault of the configuration at once, each naming its variable and what is allowed there, so
// that an operator corrects a first start in one round. It looks at the values only, neither at the network nor at the
// disk, and its error shows no secret.
func (c Config) Validate() error {
	return errors.Join(
		check(isAddr(c.Addr), "PARLEY_ADDR must be host:port with a port from 0 to 65535, such as 127.0.0.1:8080"),
		check(isDatabaseURL(string(c.DatabaseURL)), "PARLEY_DATABASE_URL must be sqlite: and a file, or a postgres:// URL with a host"),
		check(c.DataDir != "", "PARLEY_DATA_DIR must name a folder"),
		check(c.BlobURL == "" || isBlobURL(string(c.BlobURL)), "PARLEY_BLOB_URL must be s3:// with a bucket, and with region and endpoint as its only parameters"),
		check(c.PublicURL == "" || isPublicURL(c.PublicURL), "PARLEY_PUBLIC_URL must be an http:// or https:// URL with a host, without a slash, query or fragment at the end"),
		check((c.BootstrapClientID == "") == (c.BootstrapClientSecret == ""), "PARLEY_BOOTSTRAP_CLIENT_ID and PARLEY_BOOTSTRAP_CLIENT_SECRET must be set together or not at all"),
		check(c.SealingKey == "" || isSealingKey(string(c.SealingKey)), "PARLEY_SEALING_KEY must be 32 random bytes in base64, not all zero (openssl rand -base64 32)"),
		check(c.RateLimit >= 0, "PARLEY_RATE_LIMIT must be a number of requests a second, or 0 for no limit"),
		check(slices.Contains([]string{ClockRunning, ClockStopped}, c.SandboxClock), "PARLEY_SANDBOX_CLOCK must be running or stopped"),
		check(slices.Contains([]string{"debug", "info", "warn", "error"}, c.LogLevel), "PARLEY_LOG_LEVEL must be debug, info, warn or error"),
		check(slices.Contains([]string{"text", "json"}, c.LogFormat), "PARLEY_LOG_FORMAT must be text or json"),
		checkDuration(c.PlatformTimeout, "PARLEY_PLATFORM_TIMEOUT"),
		checkDuration(c.SendTimeout, "PARLEY_SEND_TIMEOUT"),
		checkDuration(c.ReconcileWindow, "PARLEY_RECONCILE_WINDOW"),
		checkDuration(c.UnusedAttachments, "PARLEY_UNUSED_ATTACHMENTS"),
		checkDuration(c.EventRetention, "PARLEY_EVENT_RETENTION"),
	)
}

func check(ok bool, fault string) error {
	if ok {
		return nil
	}
	return errors.New(fault)
}

func checkDuration(d time.Duration, name string) error {
	return check(d > 0, name+" must be a duration above zero, such as 10s or 2m")
}

func isAddr(addr string) bool {
	_, port, err := net.SplitHostPort(addr)
	return err == nil && isPort(port)
}

func isPort(port string) bool {
	_, err := strconv.ParseUint(port, 10, 16)
	return err == nil
}

// isBlobURL looks at a bucket's URL only as far as it is ours: whether the bucket is there shows at the first start.
func isBlobURL(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "s3" || u.Host == "" || u.Path != "" && u.Path != "/" {
		return false
	}
	for name := range u.Query() {
		if name != "region" && name != "endpoint" {
			return false
		}
	}
	return true
}

// isDatabaseURL looks at a PostgreSQL URL only as far as its host: the driver knows the rest better.
func isDatabaseURL(text string) bool {
	if file, found := strings.CutPrefix(text, "sqlite:"); found {
		return file != ""
	}
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql") && (u.Host != "" || u.Query().Has("host"))
}

// isPublicURL refuses what could not have a path appended.
func isPublicURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.User == nil &&
		!strings.ContainsAny(text, "?#") && !strings.HasSuffix(text, "/") &&
		(u.Port() == "" || isPort(u.Port()))
}

// isSealingKey takes standard and URL-safe base64, padded or not.
func isSealingKey(text string) bool {
	plain := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimSpace(text))
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(plain, "="))
	return err == nil && len(raw) == sealingKeySize && slices.ContainsFunc(raw, func(b byte) bool { return b != 0 })
}
