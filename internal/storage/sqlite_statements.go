package storage

import (
	linked "container/list"
	"context"
	"database/sql/driver"
	"errors"
	"strings"
)

// maxKept is how many statements each connection to SQLite keeps: more than most
// ever use, since some lists in statements have any length.
const maxKept = 256

// keeping opens connections that keep the statements that they have compiled: to
// compile one takes SQLite longer than to run it.
type keeping struct{ driver.Connector }

func (k keeping) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := k.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	conn, ok := c.(sqliteConn)
	if !ok {
		return nil, errors.Join(errDriver, c.Close())
	}
	return &keeper{sqliteConn: conn, kept: map[string]*linked.Element{}, order: linked.New()}, nil
}

// errDriver is a fault of the build: its driver is not the one that this was written for.
var errDriver = errors.New("storage: the driver does not keep statements")

// What the driver's connections, statements and rows can do.
type (
	sqliteConn interface {
		driver.Conn
		driver.ConnBeginTx
		driver.ConnPrepareContext
		driver.Pinger
		driver.SessionResetter
		driver.Validator
	}
	sqliteStatement interface {
		driver.Stmt
		driver.StmtExecContext
		driver.StmtQueryContext
	}
	sqliteRows interface {
		driver.Rows
		driver.RowsColumnTypeDatabaseTypeName
		driver.RowsColumnTypeNullable
		driver.RowsColumnTypeScanType
	}
)

// keeper is a connection with its statements, the one used last in front. A statement
// that runs is not among them. It is used by one goroutine at a time, as any connection.
type keeper struct {
	sqliteConn
	kept  map[string]*linked.Element
	order *linked.List
}

// keptStatement is a statement that a connection keeps.
type keptStatement struct {
	sql string
	sqliteStatement
}

// take gives a statement that nobody else uses, compiled anew where none is kept.
func (k *keeper) take(ctx context.Context, sql string) (keptStatement, error) {
	if e, ok := k.kept[sql]; ok {
		delete(k.kept, sql)
		s, _ := k.order.Remove(e).(keptStatement)
		return s, nil
	}
	s, err := k.PrepareContext(ctx, planned(sql))
	if err != nil {
		return keptStatement{}, err
	}
	full, ok := s.(sqliteStatement)
	if !ok {
		return keptStatement{}, errors.Join(errDriver, s.Close())
	}
	return keptStatement{sql, full}, nil
}

// planned hides from SQLite what a limit is bound to: it would look at it while it
// plans, and so plan again for every one.
func planned(sql string) string { return strings.ReplaceAll(sql, "LIMIT ?", "LIMIT ?+0") }

// give keeps a statement, and lets go of the one that was used longest ago where
// there are too many. A pragma may do its work as it is compiled: it is not kept.
func (k *keeper) give(s keptStatement) error {
	if _, twice := k.kept[s.sql]; twice || strings.HasPrefix(s.sql, "PRAGMA") {
		return s.Close()
	}
	k.kept[s.sql] = k.order.PushFront(s)
	if k.order.Len() <= maxKept {
		return nil
	}
	last, _ := k.order.Remove(k.order.Back()).(keptStatement)
	delete(k.kept, last.sql)
	return last.Close()
}

// ExecContext runs a statement without rows.
func (k *keeper) ExecContext(ctx context.Context, sql string, args []driver.NamedValue) (driver.Result, error) {
	s, err := k.take(ctx, sql)
	if err != nil {
		return nil, err
	}
	result, err := s.ExecContext(ctx, args)
	return result, errors.Join(err, k.give(s))
}

// QueryContext runs a statement with rows; it is kept again when they are closed.
func (k *keeper) QueryContext(ctx context.Context, sql string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := k.take(ctx, sql)
	if err != nil {
		return nil, err
	}
	found, err := s.QueryContext(ctx, args)
	if err != nil {
		return nil, errors.Join(err, k.give(s))
	}
	rows, ok := found.(sqliteRows)
	if !ok {
		return nil, errors.Join(errDriver, found.Close(), s.Close())
	}
	return &keptRows{sqliteRows: rows, done: func() error { return k.give(s) }}, nil
}

// Close ends the connection and its statements.
func (k *keeper) Close() error {
	var errs []error
	for e := k.order.Front(); e != nil; e = e.Next() {
		s, _ := e.Value.(keptStatement)
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, k.sqliteConn.Close())...)
}

// keptRows are rows that give their statement back.
type keptRows struct {
	sqliteRows
	done func() error
}

// Close ends the rows.
func (r *keptRows) Close() error { return errors.Join(r.sqliteRows.Close(), r.done()) }
