package config

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// defaults is what an empty environment gives, read from the tags as the command line parser reads them.
func defaults(t *testing.T) Config {
	t.Helper()
	var c Config
	value := reflect.ValueOf(&c).Elem()
	for i, setting := range Settings() {
		setField(t, value.Field(i), setting.Default)
	}
	return c
}

func setField(t *testing.T, field reflect.Value, text string) {
	t.Helper()
	switch field.Interface().(type) {
	case string, Secret:
		field.SetString(text)
	case bool:
		b, err := strconv.ParseBool(text)
		failOn(t, err)
		field.SetBool(b)
	case int:
		n, err := strconv.Atoi(text)
		failOn(t, err)
		field.SetInt(int64(n))
	case time.Duration:
		d, err := time.ParseDuration(text)
		failOn(t, err)
		field.SetInt(int64(d))
	default:
		t.Fatalf("a setting has the type %s", field.Type())
	}
}

func failOn(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestDefaultsAreValid(t *testing.T) {
	t.Parallel()
	c := defaults(t)
	failOn(t, c.Validate())
	want := Config{
		Addr: "127.0.0.1:8080", DatabaseURL: "sqlite:parley.db", DataDir: "parley-data",
		SandboxClock: ClockRunning, RateLimit: 1000, LogLevel: "info", LogFormat: "text",
		PlatformTimeout: 10 * time.Second, SendTimeout: 30 * time.Second, ReconcileWindow: 2 * time.Minute, UnusedAttachments: 168 * time.Hour, EventRetention: 168 * time.Hour,
	}
	if c != want {
		t.Errorf("got %+v", c)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	key := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))
	for _, c := range []struct {
		name      string // the variable that is at fault
		change    func(*Config, string)
		good, bad []string
	}{
		{"PARLEY_ADDR", func(c *Config, s string) { c.Addr = s },
			[]string{":8080", "0.0.0.0:0", "[::1]:65535", "localhost:80"},
			[]string{"", "localhost", "8080", ":", ":http", ":65536", ":-1", "::1:80"}},
		{"PARLEY_DATABASE_URL", func(c *Config, s string) { c.DatabaseURL = Secret(s) },
			[]string{"sqlite:/var/lib/parley.db", "postgres://u:p@db/parley", "postgresql://db:5432/parley", "postgres:///parley?host=/run/postgresql"},
			[]string{"", "sqlite:", "parley.db", "mysql://db/parley", "postgres:", "postgres:///parley", "postgres://u:hunter2@db:port/x"}},
		{"PARLEY_DATA_DIR", func(c *Config, s string) { c.DataDir = s },
			[]string{"/var/lib/parley", "."}, []string{""}},
		{"PARLEY_BLOB_URL", func(c *Config, s string) { c.BlobURL = Secret(s) },
			[]string{"", "s3://bucket", "s3://bucket/?region=eu-west-3", "s3://ID:hunter2@bucket?endpoint=http://127.0.0.1:9000&region=x"},
			[]string{"bucket", "https://bucket", "s3://", "s3://ID:hunter2@bucket/folder", "s3://bucket?acl=public", "s3://%"}},
		{"PARLEY_PUBLIC_URL", func(c *Config, s string) { c.PublicURL = s },
			[]string{"", "https://care.example.com", "http://127.0.0.1:8080", "https://example.com/parley"},
			[]string{"care.example.com", "ftp://x", "https://", "https://:80", "https://x/", "https://x?", "https://x#", "https://x?a=b", "https://u:p@x", "https://x:99999"}},
		{"PARLEY_SEALING_KEY", func(c *Config, s string) { c.SealingKey = Secret(s) },
			[]string{"", key, strings.TrimRight(key, "="), key + "\n", strings.Repeat("-_", 21) + "8"},
			[]string{"hunter2", key[4:], key + key, strings.Repeat("A", 43)}},
		{"PARLEY_RATE_LIMIT", func(c *Config, s string) { c.RateLimit, _ = strconv.Atoi(s) }, []string{"0", "1", "100000"}, []string{"-1"}},
		{"PARLEY_SANDBOX_CLOCK", func(c *Config, s string) { c.SandboxClock = s }, []string{"running", "stopped"}, []string{"", "on"}},
		{"PARLEY_LOG_LEVEL", func(c *Config, s string) { c.LogLevel = s },
			[]string{"debug", "info", "warn", "error"}, []string{"", "INFO", "trace"}},
		{"PARLEY_LOG_FORMAT", func(c *Config, s string) { c.LogFormat = s },
			[]string{"text", "json"}, []string{"", "xml"}},
		{"PARLEY_PLATFORM_TIMEOUT", duration(func(c *Config) *time.Duration { return &c.PlatformTimeout }), []string{"1ms", "1h"}, []string{"0s", "-1s"}},
		{"PARLEY_SEND_TIMEOUT", duration(func(c *Config) *time.Duration { return &c.SendTimeout }), []string{"1ms", "1h"}, []string{"0s", "-1s"}},
		{"PARLEY_UNUSED_ATTACHMENTS", duration(func(c *Config) *time.Duration { return &c.UnusedAttachments }), []string{"1ms", "1h"}, []string{"0s", "-1s"}},
		{"PARLEY_EVENT_RETENTION", duration(func(c *Config) *time.Duration { return &c.EventRetention }), []string{"168h", "8760h"}, []string{"0s", "-1s"}},
		{"PARLEY_RECONCILE_WINDOW", duration(func(c *Config) *time.Duration { return &c.ReconcileWindow }), []string{"1ms", "1h"}, []string{"0s", "-1s"}},
	} {
		for _, value := range c.good {
			wantFaults(t, defaults(t), c.change, value)
		}
		for _, value := range c.bad {
			wantFaults(t, defaults(t), c.change, value, c.name)
		}
	}
}

func duration(field func(*Config) *time.Duration) func(*Config, string) {
	return func(c *Config, text string) { *field(c), _ = time.ParseDuration(text) }
}

// wantFaults checks that the configuration, changed to value, has one fault per name and shows no secret.
func wantFaults(t *testing.T, c Config, change func(*Config, string), value string, names ...string) {
	t.Helper()
	change(&c, value)
	var text string
	if err := c.Validate(); err != nil {
		text = err.Error()
	}
	faults := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
	if len(faults) != len(names) || strings.Contains(text, "hunter2") {
		t.Fatalf("%q: got %q, want faults of %v", value, text, names)
	}
	for i, name := range names {
		if !strings.HasPrefix(faults[i], name+" must ") {
			t.Errorf("%q: got %q, want a fault of %s", value, faults[i], name)
		}
	}
}

func TestValidateBootstrapClient(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		id     string
		secret Secret
		valid  bool
	}{{"", "", true}, {"id", "secret", true}, {"id", "", false}, {"", "secret", false}} {
		config := defaults(t)
		config.BootstrapClientID, config.BootstrapClientSecret = c.id, c.secret
		if err := config.Validate(); (err == nil) != c.valid {
			t.Errorf("id %q with secret %t: %v", c.id, c.secret != "", err)
		}
	}
}

func TestValidateTellsAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	err := Config{BlobURL: "x", PublicURL: "x", BootstrapClientID: "x", SealingKey: "x", RateLimit: -1}.Validate()
	if err == nil {
		t.Fatal("no fault")
	}
	for _, setting := range Settings() {
		if strings.HasSuffix(setting.Name, "_SANDBOX") || strings.HasSuffix(setting.Name, "_NETWORKS") {
			continue
		}
		if !strings.Contains(err.Error(), setting.Name) {
			t.Errorf("no fault of %s in %v", setting.Name, err)
		}
	}
}

func TestSecretsNeverPrint(t *testing.T) {
	t.Parallel()
	c := Config{DatabaseURL: "postgres://u:hunter2@db/x", BootstrapClientSecret: "hunter2", SealingKey: "hunter2"}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t"} {
		fmt.Fprintf(&out, verb+" "+verb+" "+verb+"\n", c, &c, c.SealingKey)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("start", "config", c, "key", c.SealingKey)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("start", "config", c, "key", c.SealingKey)
	failOn(t, json.NewEncoder(&out).Encode(c))
	for _, form := range []string{"hunter2", fmt.Sprintf("%x", "hunter2"), fmt.Sprintf("%X", "hunter2")} {
		if strings.Contains(out.String(), form) {
			t.Errorf("a secret shows as %s in:\n%s", form, out.String())
		}
	}
	if !strings.Contains(out.String(), redacted) {
		t.Error("a secret that is set does not show that it is")
	}
}

func TestSecretKeepsItsValue(t *testing.T) {
	t.Parallel()
	if string(Secret("hunter2")) != "hunter2" {
		t.Error("the value is lost")
	}
	for secret, want := range map[Secret]string{"": "", "x": redacted} {
		if got := secret.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := Secret("x").GoString(); got != `config.Secret("[redacted]")` {
		t.Errorf("got %s", got)
	}
}

func TestSettingsAreComplete(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`^PARLEY_[A-Z]+(_[A-Z]+)*$`)
	sentences := regexp.MustCompile(`^[A-Z].*\.$`)
	for _, s := range Settings() {
		flag := "--" + strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(s.Name, "PARLEY_"), "_", "-"))
		if !name.MatchString(s.Name) || s.Flag != flag || !sentences.MatchString(s.Help) {
			t.Errorf("%+v", s)
		}
	}
	if first := Settings()[0]; first.Name != "PARLEY_ADDR" || first.Default != "127.0.0.1:8080" {
		t.Errorf("the first setting is %+v", first)
	}
}

func TestMarkdownTable(t *testing.T) {
	t.Parallel()
	lines := strings.Split(strings.TrimSpace(MarkdownTable()), "\n")
	if len(lines) != len(Settings())+2 {
		t.Fatalf("%d lines for %d settings", len(lines), len(Settings()))
	}
	for _, line := range lines {
		if strings.Count(line, "|") != 5 {
			t.Errorf("not four cells: %s", line)
		}
	}
	want := "| `PARLEY_LOG_FORMAT` | `--log-format` | `text` | How log lines are written: text or json. |"
	if !strings.Contains(MarkdownTable(), want) {
		t.Errorf("no line %s in\n%s", want, MarkdownTable())
	}
	if cell("a|b") != `a\|b` || code("") != "none" {
		t.Error("a cell is not kept apart")
	}
}
