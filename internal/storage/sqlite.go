package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"
	"gorm.io/gorm/schema"
	"modernc.org/sqlite" // the driver "sqlite", in Go alone
)

// sqliteEngine has one connection that writes. Callers who wait for it share one
// commit: each runs in a savepoint of its own, and the last of those who are
// waiting pays for the disk.
type sqliteEngine struct {
	db      *sql.DB
	readers *sql.DB
	gorm    *gorm.DB
	waiting atomic.Int64
	held    atomic.Bool // another process has the file
	mu      sync.Mutex
	batch   *batch
	commits *atomic.Int64
}

// batch is one open transaction and those who wait for its commit.
type batch struct {
	tx   *sql.Tx
	size int
	lost bool // the database rolled all of it back, as it does when the disk is full
	done chan struct{}
	err  error
}

// heldFor is how long everybody is told to come again after one has waited in
// vain for a lock that another process holds: they need not all wait in turn.
const heldFor = time.Second

var errHeld = errors.New("storage: another process holds the database file")

// maxBatch bounds how many moves share a commit.
const maxBatch = 64

func openSQLite(ctx context.Context, file string, commits *atomic.Int64) (*gorm.DB, engine, error) {
	if err := lowerAllLetters(); err != nil {
		return nil, nil, err
	}
	// Customers' words are in it: its owner alone reads it. The log takes over the file's mode.
	made, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, err
	}
	if err := made.Close(); err != nil {
		return nil, nil, err
	}
	writer, err := openKeeping(sqliteURL(file, "_txlock=immediate"))
	if err != nil {
		return nil, nil, err
	}
	writer.SetMaxOpenConns(1)
	writer.SetConnMaxLifetime(0)
	if err := writer.PingContext(ctx); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file, err)
	}
	readers, err := openKeeping(sqliteURL(file, "_pragma=query_only(1)"))
	if err != nil {
		return nil, nil, err
	}
	readers.SetMaxOpenConns(8)
	readers.SetMaxIdleConns(8)
	g, err := gorm.Open(sqliteDialector{readers}, gormConfig())
	if err != nil {
		return nil, nil, err
	}
	return g, &sqliteEngine{db: writer, readers: readers, gorm: g, commits: commits}, nil
}

// openKeeping opens a pool of connections that keep their statements.
func openKeeping(url string) (*sql.DB, error) {
	c, err := sqlite.NewConnector(url)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(keeping{c}), nil
}

// lowerAllLetters teaches SQLite's lower() the letters beyond a to z, as
// PostgreSQL knows them.
var lowerAllLetters = sync.OnceValue(func() error {
	return sqlite.RegisterDeterministicScalarFunction("lower", 1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		if text, ok := args[0].(string); ok {
			return strings.ToLower(text), nil
		}
		return args[0], nil
	})
})

// sqliteURL opens the file with a write-ahead log, and with a commit that is on
// disk when it returns.
func sqliteURL(file, extra string) string {
	pragmas := []string{"_pragma=busy_timeout(5000)", "_pragma=journal_mode(WAL)", "_pragma=synchronous(FULL)", "_pragma=secure_delete(ON)",
		"_pragma=temp_store(MEMORY)", "_pragma=cache_size(-8000)"}
	return "file:" + (&url.URL{Path: file}).EscapedPath() + "?" + strings.Join(append(pragmas, extra), "&")
}

func (e *sqliteEngine) transact(ctx context.Context, fn func(context.Context, *gorm.DB) error) error {
	// An interrupted statement would roll the whole shared transaction back.
	ctx = context.WithoutCancel(ctx)
	e.waiting.Add(1)
	e.mu.Lock()
	e.waiting.Add(-1)
	b, err := e.join(ctx, fn)
	if err != nil {
		return err
	}
	<-b.done
	return b.err
}

// join runs fn in the open batch, and commits the batch when nobody else is
// waiting to join. It holds the lock on entry and gives it back in every case.
func (e *sqliteEngine) join(ctx context.Context, fn func(context.Context, *gorm.DB) error) (b *batch, err error) {
	defer e.mu.Unlock()
	if b, err = e.open(ctx); err != nil {
		return nil, err
	}
	defer func() {
		switch {
		case b.lost:
			e.abandon(b)
		case e.waiting.Load() == 0 || b.size >= maxBatch:
			e.commit(b)
		}
	}()
	return b, b.savepoint(ctx, e.gorm, fn)
}

func (e *sqliteEngine) open(ctx context.Context) (*batch, error) {
	if e.batch != nil {
		return e.batch, nil
	}
	if e.held.Load() {
		return nil, occupied(errHeld)
	}
	tx, err := e.db.BeginTx(ctx, nil)
	if fileHeld(err) {
		e.held.Store(true)
		time.AfterFunc(heldFor, func() { e.held.Store(false) })
		return nil, occupied(err)
	}
	if err != nil {
		return nil, err
	}
	e.batch = &batch{tx: tx, done: make(chan struct{})}
	return e.batch, nil
}

func (e *sqliteEngine) commit(b *batch) {
	e.batch = nil
	if b.err = b.tx.Commit(); b.err == nil {
		e.commits.Add(1)
	}
	close(b.done)
}

// errBatchLost is the fate of moves whose shared transaction ended because of
// another one: they run again, in a transaction without it.
var errBatchLost = errors.New("storage: the shared transaction was rolled back")

// abandon ends a batch of which nothing is left. To go on in it would commit
// each further savepoint by itself.
func (e *sqliteEngine) abandon(b *batch) {
	e.batch = nil
	b.err = errBatchLost
	_ = b.tx.Rollback()
	close(b.done)
}

func (b *batch) savepoint(ctx context.Context, g *gorm.DB, fn func(context.Context, *gorm.DB) error) (err error) {
	b.size++
	if _, err := b.tx.ExecContext(ctx, "SAVEPOINT move"); err != nil {
		return err
	}
	finished := false
	defer func() { // after an error or a panic
		if finished {
			return
		}
		if _, err := b.tx.ExecContext(ctx, "ROLLBACK TO move"); err != nil { // the savepoint is gone
			b.lost = true
			return
		}
		_, _ = b.tx.ExecContext(ctx, "RELEASE move")
	}()
	session := g.Session(&gorm.Session{Context: ctx, NewDB: true})
	session.Statement.ConnPool = b.tx
	if err := fn(ctx, session); err != nil {
		return err
	}
	if _, err := b.tx.ExecContext(ctx, "RELEASE move"); err != nil {
		return err
	}
	finished = true
	return nil
}

// purge empties the write-ahead log into the file. A reader of an older state is
// waited for as long as for any lock.
func (e *sqliteEngine) purge(ctx context.Context) (done bool, err error) {
	var busy, frames, moved int
	err = e.db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &moved)
	return busy == 0, err
}

func (e *sqliteEngine) dialect() string { return "sqlite" }
func (e *sqliteEngine) postgres() bool  { return false }

func (e *sqliteEngine) close() error {
	if err := e.readers.Close(); err != nil {
		return err
	}
	return e.db.Close()
}

// sqliteDialector is what gorm needs to speak SQLite through the driver in Go
// alone. gorm's own driver package would bring a C compiler into the build. The
// schema comes from migrations, so there is no migrator.
type sqliteDialector struct{ pool gorm.ConnPool }

func (d sqliteDialector) Name() string { return "sqlite" }

func (d sqliteDialector) Initialize(db *gorm.DB) error {
	db.ConnPool = d.pool
	callbacks.RegisterDefaultCallbacks(db, &callbacks.Config{})
	db.ClauseBuilders["FOR"] = func(clause.Clause, clause.Builder) {} // one writer: rows need no locks
	return nil
}

func (d sqliteDialector) Migrator(*gorm.DB) gorm.Migrator { return nil }
func (d sqliteDialector) DataTypeOf(*schema.Field) string { return "" }
func (d sqliteDialector) DefaultValueOf(*schema.Field) clause.Expression {
	return clause.Expr{SQL: "NULL"}
}
func (d sqliteDialector) BindVarTo(w clause.Writer, _ *gorm.Statement, _ any) { _ = w.WriteByte('?') }
func (d sqliteDialector) QuoteTo(w clause.Writer, name string) {
	_, _ = w.WriteString(`"` + strings.ReplaceAll(name, ".", `"."`) + `"`)
}
func (d sqliteDialector) Explain(sql string, vars ...any) string {
	return logger.ExplainSQL(sql, nil, `'`, vars...)
}
