package storage

import "gorm.io/gorm"

// Find narrows a list of configuration, so that a script finds what it means;
// empty fields narrow nothing.
type Find struct {
	Part       string // of the name, in any case
	Name       string // the whole name, to the letter
	ExternalID string
}

// in restricts a query to what is looked for.
func (f Find) in(db *gorm.DB) *gorm.DB {
	if f.Part != "" {
		db = db.Where("lower(name) LIKE ? ESCAPE '!'", containing(f.Part))
	}
	if f.Name != "" {
		db = db.Where("name = ?", f.Name)
	}
	if f.ExternalID != "" {
		db = db.Where("external_id = ?", f.ExternalID)
	}
	return db
}
