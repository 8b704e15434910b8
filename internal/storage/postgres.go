package storage

import (
	"context"
	"database/sql"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
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

// lockTimeout bounds every wait for a row: a caller gets an answer, not a hang.
const lockTimeout = "5s"

func openPostgres(url string, commits *atomic.Int64) (*gorm.DB, engine, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, nil, err
	}
	config.RuntimeParams["application_name"] = "parley"
	config.RuntimeParams["lock_timeout"] = lockTimeout
	config.RuntimeParams["idle_in_transaction_session_timeout"] = "10s"
	config.RuntimeParams["timezone"] = "UTC"
	config.StatementCacheCapacity = 1024
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 3 * time.Second
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(32)
	db.SetMaxIdleConns(32)
	db.SetConnMaxIdleTime(5 * time.Minute)
	g, err := gorm.Open(postgres.New(postgres.Config{Conn: db}), gormConfig())
	if err != nil {
		return nil, nil, err
	}
	return g, &postgresEngine{db: db, gorm: g, commits: commits}, nil
}

func (e *postgresEngine) transact(ctx context.Context, fn func(context.Context, *gorm.DB) error) (err error) {
	tx := e.gorm.WithContext(ctx).Begin()
	if tx.Error != nil {
		return tx.Error
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

func (e *postgresEngine) dialect() string { return "postgres" }
func (e *postgresEngine) postgres() bool  { return true }
func (e *postgresEngine) close() error    { return e.db.Close() }
