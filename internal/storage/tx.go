package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
	"modernc.org/sqlite"

	"github.com/parley-cx/parley/internal/domain"
)

// tx is the open transaction of a context. Writes gather in it and go to the
// database together: on PostgreSQL as one statement, so that a move costs one
// round trip however many tables it touches.
type tx struct {
	store   *Store
	db      *gorm.DB
	pending []write
	touched map[string]map[string]bool // by table and key: the rows of pending
	failed  error                      // of a write; nothing of the transaction is kept then
	events  []domain.Event
	after   []func()
	trial   bool     // everything is taken back in the end
	undo    []func() // takes back what a failed transaction changed in the program
}

// write is one INSERT, UPDATE or DELETE. want is how many rows it must touch;
// a negative number asks for nothing. Two writes to one row never share a statement.
type write struct {
	table string
	rows  []string // the keys of the rows that it touches; none where only the database knows
	sql   string
	args  []any
	want  int64
	miss  error // what it means when fewer rows were touched
}

// someRow stands for the rows of a write that does not know them.
const someRow = "?"

type txKey struct{}

// InTx runs fn in one transaction; a call inside fn joins it. When the database
// reports a serialisation failure or that it is busy, fn runs again: nothing in
// it may touch a network. After InTx returns nil, everything is on disk, and the
// functions given to After have run.
func (s *Store) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	if _, nested := ctx.Value(txKey{}).(*tx); nested {
		return fn(ctx)
	}
	for try := 1; ; try++ {
		err := s.once(ctx, fn)
		if err == nil || try == 6 || !transient(err) || ctx.Err() != nil {
			return translate(err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(try*try) * 2 * time.Millisecond):
		}
	}
}

// Try runs fn as InTx does, and takes everything back. What fn wrote reaches the
// database before that, so that its constraints are asked, too: nil means that
// InTx would have kept it. The functions given to After do not run.
func (s *Store) Try(ctx context.Context, fn func(ctx context.Context) error) error {
	err := s.InTx(ctx, func(ctx context.Context) error {
		t, _ := ctx.Value(txKey{}).(*tx)
		t.trial = true
		if err := fn(ctx); err != nil {
			return err
		}
		if err := t.finish(); err != nil {
			return err
		}
		return errTried
	})
	if errors.Is(err, errTried) {
		return nil
	}
	return err
}

// Trying tells whether all that is done with ctx is taken back by Try: what a
// database cannot take back, such as a file or a call, is then left out.
func (s *Store) Trying(ctx context.Context) bool {
	t, ok := ctx.Value(txKey{}).(*tx)
	return ok && t.trial
}

func (s *Store) once(ctx context.Context, fn func(ctx context.Context) error) error {
	t := &tx{}
	err := s.engine.transact(ctx, func(ctx context.Context, db *gorm.DB) error {
		t = &tx{store: s, db: db, touched: map[string]map[string]bool{}}
		if err := fn(context.WithValue(ctx, txKey{}, t)); err != nil {
			return err
		}
		return t.finish()
	})
	if err != nil {
		for _, f := range t.undo {
			f()
		}
		return err
	}
	for _, f := range t.after {
		f()
	}
	return nil
}

// After runs f once the transaction of ctx is on disk, and never if it is not.
// Outside a transaction f runs at once.
func (s *Store) After(ctx context.Context, f func()) {
	if t, ok := ctx.Value(txKey{}).(*tx); ok {
		t.after = append(t.after, f)
		return
	}
	f()
}

// db gives the connection for reads: the transaction's, with all earlier writes
// in it, or the readers'.
func (s *Store) db(ctx context.Context) *gorm.DB {
	t, ok := ctx.Value(txKey{}).(*tx)
	if !ok {
		return s.read.WithContext(ctx)
	}
	session := t.db.WithContext(ctx)
	if err := t.flush(); err != nil {
		_ = session.AddError(err)
	}
	return session
}

// writeTo gathers writes; they reach the database at the next read or at the
// commit, whichever comes first.
func (s *Store) writeTo(ctx context.Context, writes ...write) error {
	t, ok := ctx.Value(txKey{}).(*tx)
	if !ok {
		return errNoTx
	}
	for _, w := range writes {
		if t.meets(w) {
			if err := t.flush(); err != nil {
				return err
			}
		}
		t.gather(w)
	}
	return t.failed
}

// writeNow sends a write at once, behind those that were gathered, and tells how
// many rows it touched.
func (s *Store) writeNow(ctx context.Context, sql string, args ...any) (int64, error) {
	t, ok := ctx.Value(txKey{}).(*tx)
	if !ok {
		return 0, errNoTx
	}
	if err := t.flush(); err != nil {
		return 0, err
	}
	res := t.db.WithContext(ctx).Exec(sql, args...)
	t.failed = res.Error
	return res.RowsAffected, res.Error
}

// meets tells whether a write may touch a row that a gathered one touches.
func (t *tx) meets(w write) bool {
	rows := t.touched[w.table]
	if len(rows) == 0 {
		return false
	}
	if len(w.rows) == 0 || rows[someRow] {
		return true
	}
	return slices.ContainsFunc(w.rows, func(key string) bool { return rows[key] })
}

func (t *tx) gather(w write) {
	rows := t.touched[w.table]
	if rows == nil {
		rows = map[string]bool{}
		t.touched[w.table] = rows
	}
	for _, key := range w.rows {
		rows[key] = true
	}
	if len(w.rows) == 0 {
		rows[someRow] = true
	}
	t.pending = append(t.pending, w)
}

func (t *tx) finish() error {
	if len(t.events) > 0 {
		t.pending = append(t.pending, t.store.eventWrites(t.events)...)
		t.pending = append(t.pending, t.store.segmentWrites(t.events)...)
		t.events = nil
		t.after = append(t.after, t.store.wakeEvents)
	}
	return t.flush()
}

// flush sends what was gathered. After a failure the transaction can only fail:
// PostgreSQL ends it anyway, and on SQLite what follows must not be kept alone.
func (t *tx) flush() error {
	writes := t.pending
	t.pending = nil
	clear(t.touched)
	for len(writes) > 0 && t.failed == nil {
		n := 1
		if t.store.engine.postgres() {
			n = together(writes)
		}
		if n > 1 {
			t.failed = t.flushTogether(writes[:n])
		} else {
			t.failed = t.flushOne(writes[0])
		}
		writes = writes[n:]
	}
	return t.failed
}

// maxArgs is how many arguments one statement may have on PostgreSQL.
const maxArgs = 65535

// together tells how many of the next writes fit into one statement.
func together(writes []write) int {
	args := 0
	for n, w := range writes {
		if args += len(w.args); args > maxArgs && n > 0 {
			return n
		}
	}
	return len(writes)
}

func (t *tx) flushOne(w write) error {
	res := t.db.Exec(w.sql, w.args...)
	if res.Error == nil && w.want >= 0 && res.RowsAffected != w.want {
		return w.miss
	}
	return res.Error
}

// flushTogether sends all writes as one statement of common table expressions.
// They see one snapshot, which is why no two of them touch the same row.
func (t *tx) flushTogether(writes []write) error {
	var with, counts []string
	var args []any
	for i, w := range writes {
		with = append(with, fmt.Sprintf("w%d AS (%s RETURNING 1)", i, w.sql))
		counts = append(counts, fmt.Sprintf("(SELECT count(*) FROM w%d)", i))
		args = append(args, w.args...)
	}
	rows, err := t.db.Raw("WITH "+strings.Join(with, ", ")+" SELECT "+strings.Join(counts, ", "), args...).Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	touched := make([]int64, len(writes))
	targets := make([]any, len(writes))
	for i := range touched {
		targets[i] = &touched[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for i, w := range writes {
		if w.want >= 0 && touched[i] != w.want {
			return w.miss
		}
	}
	return nil
}

// errNoTx is a fault of the program.
var errNoTx = errors.New("storage: a write without a transaction")

// errTried ends a transaction that was only tried.
var errTried = errors.New("storage: tried, and taken back")

// errStale is an update whose row changed since it was read, where no lock held it.
var errStale = &domain.Error{Kind: domain.ErrorConflict, Code: "state.changed", Detail: "The resource was changed by somebody else at the same moment. Read it again."}

// SQLite's result codes that matter here.
const (
	sqliteBusy             = 5
	sqliteConstraintUnique = 2067
	sqliteConstraintKey    = 1555
)

// transient tells whether the same transaction may succeed when it is run again.
func transient(err error) bool {
	if errors.Is(err, errStale) || errors.Is(err, errBatchLost) {
		return true
	}
	if domain.IsKind(err, domain.ErrorUnavailable) {
		return false
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "40001" || pg.Code == "40P01"
	}
	return fileHeld(err)
}

// fileHeld tells whether another process holds the SQLite file.
func fileHeld(err error) bool {
	var lite *sqlite.Error
	return errors.As(err, &lite) && lite.Code()&0xff == sqliteBusy
}

// translate turns what the database says into what callers act upon.
func translate(err error) error {
	var known *domain.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code {
		case "23505":
			return duplicate(pg.ConstraintName)
		case "57P01", "57P02", "57P03", "57P05", "25P03", "53300", "08000", "08003", "08006":
			return unavailable(err)
		case "22P02", "22003", "22021":
			return &domain.Error{Kind: domain.ErrorMalformed, Code: "request.invalid", Detail: "A value in the request is not well formed.", Cause: err}
		case "55P03":
			return occupied(err)
		}
		return err
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) && (lite.Code() == sqliteConstraintUnique || lite.Code() == sqliteConstraintKey) {
		return duplicate(lite.Error())
	}
	if fileHeld(err) {
		return occupied(err)
	}
	if away(err) {
		return unavailable(err)
	}
	return err
}

// occupied is a lock that somebody else held for too long.
func occupied(err error) error {
	return &domain.Error{Kind: domain.ErrorUnavailable, Code: "service.busy",
		Detail: "Another request holds what this one needs. Send it again.", Cause: err}
}

func unavailable(err error) error {
	return &domain.Error{Kind: domain.ErrorUnavailable, Code: "service.unavailable",
		Detail: "The database cannot be reached. Send the request again.", Cause: err}
}
