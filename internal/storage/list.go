package storage

import (
	"encoding/base64"
	"hash/crc32"
	"strconv"
	"strings"

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
}

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
	key, sum, ok := strings.Cut(string(raw), "|")
	if err != nil || !ok || sum != p.sum() || strings.ContainsRune(key, 0) {
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
	cursor := base64.RawURLEncoding.EncodeToString([]byte(key(rows[len(rows)-1]) + "|" + p.sum()))
	return rows, &cursor
}

func (p Page) sum() string {
	return strconv.FormatUint(uint64(crc(p.Filter+strconv.FormatBool(p.Asc))), 36)
}

// crc tells filters apart; it protects nobody, it finds mistakes.
func crc(s string) uint32 { return crc32.ChecksumIEEE([]byte(s)) }
