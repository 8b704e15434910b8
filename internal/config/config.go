// Package config is what an operator can set: one field per setting, read from the environment or from flags.
//
// The struct is read by the command line parser through its tags, and the same tags write the table of settings in the
// README, so the two cannot say different things. A Config can be logged whole: what is secret in it prints as a
// placeholder.
package config

import "time"

// ClockRunning and ClockStopped are the ways of SandboxClock.
const (
	ClockRunning = "running"
	ClockStopped = "stopped"
)

// Config holds every setting. A field's tags name its flag and its environment variable, the flag winning over the
// variable and the variable over the default; its help is the sentence an operator reads. Call Validate before use.
type Config struct {
	// Addr is the TCP address that the server listens on. Port 0 takes any free port.
	Addr string `name:"addr" env:"PARLEY_ADDR" default:"127.0.0.1:8080" help:"The address and port to listen on; :8080 listens on every interface."`

	// DatabaseURL says where everything is stored. It is a Secret because a PostgreSQL URL carries a password.
	DatabaseURL Secret `name:"database-url" env:"PARLEY_DATABASE_URL" default:"sqlite:parley.db" help:"The database: sqlite: and a file, or a postgres:// URL, which several nodes can share."`

	// DataDir is the folder of what is not in the database: attachments, and the sealing key when none is set.
	DataDir string `name:"data-dir" env:"PARLEY_DATA_DIR" default:"parley-data" help:"The folder for attachments, and for the sealing key when none is set. It is made when it is missing."`

	// BlobURL says where attachments are kept instead of in DataDir. It is a Secret because it can carry a key.
	BlobURL Secret `name:"blob-url" env:"PARLEY_BLOB_URL" help:"The bucket for attachments: s3://bucket?region=…, with &endpoint=https://… for another provider than AWS. The keys are in it (s3://ID:SECRET@bucket) or in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. When it is empty, attachments are in the data folder."`

	// PublicURL is what platforms, tokens and links call this server. Empty means http:// and the address listened on,
	// which the caller fills in once the port is known.
	PublicURL string `name:"public-url" env:"PARLEY_PUBLIC_URL" help:"The URL under which platforms and desktops reach this server, without a slash at the end. When it is empty, it is http:// and the address listened on."`

	// Sandbox turns on /sandbox: a clock that can be moved and platforms that are played. It is never for production.
	Sandbox bool `name:"sandbox" env:"PARLEY_SANDBOX" default:"false" help:"Turns on /sandbox, with a clock that can be moved and simulated platforms. It is not for production."`

	// SandboxClock says whether the sandbox's clock runs by itself. One that is stopped moves by being advanced alone, and
	// belongs to one node.
	SandboxClock string `name:"sandbox-clock" env:"PARLEY_SANDBOX_CLOCK" default:"running" help:"Whether the sandbox's clock is running or stopped. A stopped clock moves only when it is advanced; use it with one node."`

	// AllowPrivateNetworks lets addresses that API clients set lead into private networks. The sandbox implies it.
	AllowPrivateNetworks bool `name:"allow-private-networks" env:"PARLEY_ALLOW_PRIVATE_NETWORKS" default:"false" help:"Lets platform addresses, webhooks and media links lead to private networks, plain http and any port. The sandbox implies it."`

	// BootstrapClientID is the OAuth client that an empty database starts with. It goes with BootstrapClientSecret, and
	// a database that has clients ignores both.
	BootstrapClientID string `name:"bootstrap-client-id" env:"PARLEY_BOOTSTRAP_CLIENT_ID" help:"The OAuth client with every scope that is made on the first start with an empty database. It needs its secret."`

	// BootstrapClientSecret is the secret of that first client. It is stored as a hash only.
	BootstrapClientSecret Secret `name:"bootstrap-client-secret" env:"PARLEY_BOOTSTRAP_CLIENT_SECRET" help:"The secret of that first OAuth client."`

	// SealingKey is the key under which credentials, webhook secrets and what people say are stored. Every node of one database
	// needs the same; whoever loses it has to enter those secrets again, and has lost the conversations.
	SealingKey Secret `name:"sealing-key" env:"PARLEY_SEALING_KEY" help:"The key that seals stored secrets and what people say: 32 random bytes in base64, the same on every node. When it is empty, one is made in the data folder."`

	// RateLimit bounds, in machine time, what one token may ask of one node. The sandbox counts and does not refuse.
	RateLimit int `name:"rate-limit" env:"PARLEY_RATE_LIMIT" default:"1000" help:"How many requests a second a token may make of a node; 0 is no limit. The sandbox does not enforce it."`

	// LogLevel is the least important kind of log line that is written.
	LogLevel string `name:"log-level" env:"PARLEY_LOG_LEVEL" default:"info" help:"The least important log lines to write: debug, info, warn or error."`

	// LogFormat is how log lines are written: for people, or for machines.
	LogFormat string `name:"log-format" env:"PARLEY_LOG_FORMAT" default:"text" help:"How log lines are written: text or json."`

	// PlatformTimeout bounds one call to a platform, in machine time. A call that was written and not answered by then
	// leaves its reply unconfirmed.
	PlatformTimeout time.Duration `name:"platform-timeout" env:"PARLEY_PLATFORM_TIMEOUT" default:"10s" help:"How long one call to a messaging platform may take."`

	// SendTimeout bounds, in business time, how long a reply is tried again of which no byte reached the platform.
	SendTimeout time.Duration `name:"send-timeout" env:"PARLEY_SEND_TIMEOUT" default:"30s" help:"How long a reply that could not be handed over at all is tried again before it fails."`

	// ReconcileWindow bounds, in business time, how long an unconfirmed reply holds back the later ones of its thread.
	ReconcileWindow time.Duration `name:"reconcile-window" env:"PARLEY_RECONCILE_WINDOW" default:"120s" help:"How long later replies of a conversation wait for one whose arrival is unconfirmed."`

	// UnusedAttachments bounds, in business time, how long a file is kept that was uploaded and that no reply carried.
	UnusedAttachments time.Duration `name:"unused-attachments" env:"PARLEY_UNUSED_ATTACHMENTS" default:"168h" help:"How long an uploaded file is kept that no reply has carried."`

	// EventRetention bounds, in business time, how long the log of events is kept. Nobody can shorten it below a week: a
	// subscriber that was away for a few days must find everything.
	EventRetention time.Duration `name:"event-retention" env:"PARLEY_EVENT_RETENTION" default:"168h" help:"How long the log of events is kept; never less than 168h."`
}
