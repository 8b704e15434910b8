package storage

import (
	"encoding/base64"
	"hash/crc32"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/parley-cx/parley/internal/domain"
)

// Page asks for a part of a list. Rows are ordered by one unique key, so that a
// page stays where it is while rows are inserted.
type Page struct {
	Limit  int
	Cursor string // from an earlier answer; empty for the beginning
	Asc    bool   // oldest first
	Filter string // the other parameters of the request, in one string: a cursor belongs to them

	list  string            // a cursor belongs to it, too
	isKey func(string) bool // what a cursor of the list can hold
}

// of tells whose page it is. A method that lists names its list.
func (p Page) of(list string, isKey func(string) bool) Page {
	p.list, p.isKey = list, isKey
	return p
}

func isID(key string) bool { return uuid.Validate(key) == nil && len(key) == 36 }

func isNumber(key string) bool {
	_, err := strconv.ParseInt(key, 10, 64)
	return err == nil
}

func isText(key string) bool { return utf8.ValidString(key) && !strings.ContainsRune(key, 0) }

var errCursor = &domain.Error{Kind: domain.ErrorMalformed, Code: "request.invalid_cursor",
	Detail: "The cursor is not one of this list's, or belongs to other filters.",
	Fields: []domain.FieldError{{Parameter: "cursor", Code: "invalid", Detail: "Use the next_cursor of an answer to the same request."}}}

// seek restricts a query to what follows the cursor, in order of the column.
func (p Page) seek(db *gorm.DB, column string) (*gorm.DB, error) {
	op, order := " < ?", " DESC"
	if p.Asc {
		op, order = " > ?", " ASC"
	}
	if p.Cursor != "" {
		after, err := p.after()
		if err != nil {
			return nil, err
		}
		db = db.Where(column+op, after)
	}
	return db.Order(column + order).Limit(p.Limit + 1), nil
}

// after reads the key out of a cursor and checks that it is this list's.
func (p Page) after() (string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	sum, key, ok := strings.Cut(string(raw), "|")
	if err != nil || !ok || sum != p.sum() || !p.isKey(key) {
		return "", errCursor
	}
	return key, nil
}

// cut takes the extra row off a page and makes the cursor of the next one.
func cut[R any](p Page, rows []R, key func(R) string) (page []R, next *string) {
	if len(rows) <= p.Limit {
		return rows, nil
	}
	rows = rows[:p.Limit]
	cursor := p.cursor(key(rows[len(rows)-1]))
	return rows, &cursor
}

// cursor is the place behind a key.
func (p Page) cursor(key string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(p.sum() + "|" + key))
}

func (p Page) sum() string {
	return strconv.FormatUint(uint64(crc(p.list+"\x00"+p.Filter+strconv.FormatBool(p.Asc))), 36)
}

// crc tells filters apart; it protects nobody, it finds mistakes.
func crc(s string) uint32 { return crc32.ChecksumIEEE([]byte(s)) }
