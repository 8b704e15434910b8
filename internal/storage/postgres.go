package storage

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
)

// postgresEngine runs each move in a transaction of its own.
type postgresEngine struct {
	db      *sql.DB
	gorm    *gorm.DB
	commits *atomic.Int64
}

// maxConnections is how many connections one node has at most.
const maxConnections = 32

// lockTimeout bounds every wait for a row: a caller gets an answer, not a hang.
const lockTimeout = "5s"

// preparedStatements bounds what a connection keeps prepared. A batch of another
// size is another statement, and each costs the server up to 300 kB: a thousand
// on every connection were gigabytes.
const preparedStatements = 128

func openPostgres(url string, commits *atomic.Int64) (*gorm.DB, engine, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, nil, err
	}
	config.RuntimeParams["application_name"] = "parley"
	config.RuntimeParams["lock_timeout"] = lockTimeout
	config.RuntimeParams["idle_in_transaction_session_timeout"] = "10s"
	config.RuntimeParams["timezone"] = "UTC"
	config.RuntimeParams["jit"] = "off" // no statement of ours is worth being compiled: what is expected to cost much costs little
	config.StatementCacheCapacity = preparedStatements
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 3 * time.Second
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(maxConnections)
	db.SetMaxIdleConns(maxConnections)
	db.SetConnMaxIdleTime(5 * time.Minute)
	g, err := gorm.Open(postgres.New(postgres.Config{Conn: db}), gormConfig())
	if err != nil {
		return nil, nil, err
	}
	return g, &postgresEngine{db: db, gorm: g, commits: commits}, nil
}

func (e *postgresEngine) transact(ctx context.Context, fn func(context.Context, *gorm.DB) error) (err error) {
	tx, err := e.begin(ctx)
	if err != nil {
		return err
	}
	done := false
	defer func() {
		if !done {
			tx.Rollback()
		}
	}()
	if err := fn(ctx, tx); err != nil {
		return err
	}
	done = true
	if err := tx.Commit().Error; err != nil {
		return err
	}
	e.commits.Add(1)
	return nil
}

// begin opens a transaction. A connection that died in the pool is replaced, as
// often as there are connections: nothing was done in it yet.
func (e *postgresEngine) begin(ctx context.Context) (tx *gorm.DB, err error) {
	for range maxConnections {
		if tx = e.gorm.WithContext(ctx).Begin(); tx.Error == nil {
			return tx, nil
		}
		var refused *pgconn.ConnectError
		if err = tx.Error; !away(err) || errors.As(err, &refused) || ctx.Err() != nil {
			return nil, err
		}
	}
	return nil, err
}

// purge gives the space of dead rows free, in the tables that hold what customers said.
func (e *postgresEngine) purge(ctx context.Context) (done bool, err error) {
	_, err = e.db.ExecContext(ctx, "VACUUM messages, inbox, early_events, attachments, threads, interactions, posts")
	return err == nil, err
}

func (e *postgresEngine) dialect() string { return "postgres" }
func (e *postgresEngine) postgres() bool  { return true }
func (e *postgresEngine) close() error    { return e.db.Close() }
