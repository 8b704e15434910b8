// Command parley serves customer care over social messaging: it takes the
// platforms' webhooks, routes conversations to agents, and sends their answers.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/parley-cx/parley/internal/config"
	"github.com/parley-cx/parley/internal/httpapi"
)

// version is set when a release is built.
var version = "dev"

// commands is the command line.
type commands struct {
	Serve   serveCommand   `cmd:"" help:"Serve the API. It migrates the database first."`
	Dev     devCommand     `cmd:"" help:"Serve with the sandbox, simulated platforms and a demo organization, and print what to try."`
	Migrate migrateCommand `cmd:"" help:"Bring the database's schema up to date."`
	Token   tokenCommand   `cmd:"" help:"Print an access token of a running server. Example: parley token --client-id demo-ana --client-secret demo-secret"`
	Version versionCommand `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	parser := kong.Parse(&commands{}, kong.Name("parley"), kong.Description("Customer care over social messaging, as an API."),
		kong.ShortUsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)), kong.BindTo(os.Stdout, (*io.Writer)(nil)))
	if err := parser.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "parley:", err)
		os.Exit(1)
	}
}

// newLog writes to standard error, as text or JSON.
func newLog(c config.Config) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.LogLevel)) // Validate has refused anything else
	options := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, options))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, options))
}

// versionCommand prints the version.
type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(out io.Writer) error {
	_, err := fmt.Fprintln(out, "parley", version)
	return err
}

// migrateCommand changes the schema and nothing else.
type migrateCommand struct {
	config.Config `embed:""`
}

// Run migrates and tells how many steps that took.
func (c *migrateCommand) Run(ctx context.Context, out io.Writer) error {
	store, err := openStore(ctx, c.Config, newLog(c.Config))
	if err != nil {
		return err
	}
	defer store.Close()
	applied, err := store.Migrate(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "The schema is up to date; %d migrations were applied.\n", applied)
	return err
}

// serveCommand serves until it is told to end.
type serveCommand struct {
	config.Config `embed:""`
}

// Run serves.
func (c *serveCommand) Run(ctx context.Context, out io.Writer) error {
	return serve(ctx, c.Config, func(a *app) error {
		_, err := fmt.Fprintf(out, "Parley %s serves %s (contract: %s/openapi.yaml)\n", version, a.url, a.url)
		return err
	})
}

// shutdownTime bounds how long requests and calls under way may take to finish.
const shutdownTime = 20 * time.Second

// serve builds the program, says that it is ready, and runs it until ctx ends.
func serve(ctx context.Context, c config.Config, ready func(*app) error) error {
	log := newLog(c)
	contract, err := httpapi.LoadContract()
	if err != nil {
		return err
	}
	a, err := build(ctx, c, contract, log)
	if err != nil {
		return err
	}
	if err := ready(a); err != nil {
		return errors.Join(err, a.close())
	}
	return a.run(ctx)
}
