package storage

import (
	"context"
	"reflect"
	"time"

	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/secret"
)

type postRow struct {
	OrganizationID string `gorm:"primaryKey"`
	ID             string `gorm:"primaryKey"`
	ChannelID      string `gorm:"<-:create"`
	PlatformID     string `gorm:"<-:create"`
	Comment        bool   `gorm:"<-:create"`
	Mention        bool   `gorm:"<-:create"`
	UnderID        string `gorm:"<-:create"`
	State          string
	Author         string
	Content        []byte // sealed; empty where nothing is known
	PostedAt       *int64
	ReadAt         *int64
	InteractionID  *string
	MessageID      *string
	ContactID      *string
	Due            *int64
	GiveUpAt       *int64
	Tries          int
	LeaseUntil     int64
	Version        int64
	CreatedAt      int64 `gorm:"<-:create"`
}

func (postRow) TableName() string { return "posts" }

func (r postRow) place() secret.Place { return place(r.OrganizationID, "posts", "content", r.ID) }

// posted is what a post says: as what customers say, nobody reads it in the database.
type posted struct {
	AuthorName  string              `json:"author_name,omitempty"`
	Text        string              `json:"text,omitempty"`
	Permalink   string              `json:"permalink,omitempty"`
	Attachments []domain.Attachment `json:"attachments,omitempty"`
}

func (s *Store) toPostRow(p domain.Post) (r postRow, err error) {
	r = postRow{OrganizationID: string(p.Organization), ID: string(p.ID), ChannelID: string(p.Channel), PlatformID: p.PlatformID,
		Comment: p.Comment, Mention: p.Mention, UnderID: p.Under, State: string(p.State), Author: p.Author, PostedAt: msPtr(p.PostedAt), ReadAt: msPtr(p.ReadAt),
		InteractionID: id[string](p.Interaction), MessageID: id[string](p.Message), ContactID: id[string](p.Contact), Due: msPtr(p.Due), GiveUpAt: msPtr(p.GiveUpAt),
		Tries: p.Tries, LeaseUntil: ms(p.LeaseUntil), Version: p.Version, CreatedAt: ms(p.CreatedAt)}
	r.Content, err = sealFilled(s, r.place(), posted{p.AuthorName, p.Text, p.Permalink, p.Attachments})
	return r, err
}

func (s *Store) fromPostRow(r postRow) (domain.Post, error) {
	p := domain.Post{ID: domain.PostID(r.ID), Organization: domain.OrganizationID(r.OrganizationID), Channel: domain.ChannelID(r.ChannelID), PlatformID: r.PlatformID,
		Comment: r.Comment, Mention: r.Mention, Under: r.UnderID, State: domain.PostState(r.State), ReadAt: fromMSPtr(r.ReadAt),
		Interaction: id[domain.InteractionID](r.InteractionID), Message: id[domain.MessageID](r.MessageID), Contact: id[domain.ContactID](r.ContactID),
		Due: fromMSPtr(r.Due), GiveUpAt: fromMSPtr(r.GiveUpAt), Tries: r.Tries, LeaseUntil: fromMS(r.LeaseUntil), Version: r.Version, CreatedAt: fromMS(r.CreatedAt)}
	p.Author, p.PostedAt = r.Author, fromMSPtr(r.PostedAt)
	if len(r.Content) == 0 {
		return p, nil
	}
	var said posted
	err := s.unseal(r.place(), r.Content, &said)
	p.AuthorName, p.Text, p.Permalink, p.Attachments = said.AuthorName, said.Text, said.Permalink, said.Attachments
	return p, err
}

// CreatePosts writes posts that are to be read. Where another node has written one
// of them a moment ago, the transaction runs again, and finds it.
func (s *Store) CreatePosts(ctx context.Context, posts ...domain.Post) error {
	rows, err := eachTry(posts, s.toPostRow)
	if err != nil || len(rows) == 0 {
		return err
	}
	t, err := s.tableOf(&rows[0])
	if err != nil {
		return err
	}
	w := write{table: t.name, want: int64(len(rows)), miss: errStale}
	w.sql, w.args = t.insertSQL(reflect.ValueOf(rows))
	w.sql += " ON CONFLICT DO NOTHING"
	for _, r := range rows {
		w.rows = append(w.rows, t.key(reflect.ValueOf(r)))
	}
	return s.writeTo(ctx, w)
}

// SavePost writes a post that was read, one version up.
func (s *Store) SavePost(ctx context.Context, p *domain.Post) error {
	r, err := s.toPostRow(*p)
	if err != nil {
		return err
	}
	return save(ctx, s, &p.Version, r)
}

// DeletePost forgets what was to be asked.
func (s *Store) DeletePost(ctx context.Context, p domain.Post) error {
	return s.exec(ctx, "posts", []string{rowKey(p.Organization, p.ID)}, "DELETE FROM posts WHERE organization_id = ? AND id = ?", p.Organization, p.ID)
}

// Post gives one post.
func (s *Store) Post(ctx context.Context, org domain.OrganizationID, post domain.PostID) (domain.Post, error) {
	r, err := one[postRow](s.db(ctx).Where("organization_id = ? AND id = ?", org, post), "post")
	if err != nil {
		return domain.Post{}, err
	}
	return s.fromPostRow(r)
}

// PostsByPlatformID finds a channel's posts by the platform's ids.
func (s *Store) PostsByPlatformID(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID, ids []string) (map[string]domain.Post, error) {
	found := map[string]domain.Post{}
	if len(ids) == 0 {
		return found, nil
	}
	rows, err := probe[postRow](ctx, s, string(org), string(ch), "platform_id", ids)
	if err != nil {
		return nil, err
	}
	posts, err := eachTry(rows, s.fromPostRow)
	for _, p := range posts {
		found[p.PlatformID] = p
	}
	return found, err
}

// ClaimPosts locks posts that are due and held by nobody. A lease is kept when the
// caller saves them with one.
func (s *Store) ClaimPosts(ctx context.Context, now, machine time.Time, limit int) ([]domain.Post, error) {
	rows, err := all[postRow](forUpdateIfFree(s.db(ctx).Where("due <= ? AND lease_until <= ?", ms(now), ms(machine)).Order("due").Limit(limit)))
	if err != nil {
		return nil, err
	}
	return eachTry(rows, s.fromPostRow)
}

// NextPost gives the business time at which the next post is due after now; the
// zero time without one.
func (s *Store) NextPost(ctx context.Context, now time.Time) (time.Time, error) {
	var next *int64
	err := s.scan(ctx, &next, "SELECT min(due) FROM posts WHERE due > ?", ms(now))
	if err != nil || next == nil {
		return time.Time{}, err
	}
	return fromMS(*next), nil
}

// ReleasePosts makes a channel's waiting questions due again, after its credentials
// were renewed.
func (s *Store) ReleasePosts(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID, now time.Time) error {
	return s.exec(ctx, "posts", nil, "UPDATE posts SET due = ?, version = version + 1 WHERE organization_id = ? AND channel_id = ? AND due > ?", ms(now), org, ch, ms(now))
}

// forgetPosts takes away what somebody wrote in public who is being erased, and what
// was still to be asked of it. That there was a post stays, under no name.
func (s *Store) forgetPosts(ctx context.Context, e domain.Erasure, i domain.Identity) error {
	const forget = `UPDATE posts SET platform_id = 'erased:' || CAST(id AS text), state = 'gone', author = '', content = ?, posted_at = NULL, interaction_id = NULL,
		message_id = NULL, contact_id = NULL, due = NULL, give_up_at = NULL, lease_until = 0, version = version + 1 WHERE organization_id = ? AND `
	if err := s.exec(ctx, "posts", nil, "DELETE FROM posts WHERE organization_id = ? AND contact_id = ? AND comment", e.Organization, e.Contact); err != nil {
		return err
	}
	if err := s.exec(ctx, "posts", nil, forget+"contact_id = ?", []byte{}, e.Organization, e.Contact); err != nil {
		return err
	}
	return s.exec(ctx, "posts", nil, forget+"channel_id = ? AND author <> '' AND author = ?", []byte{}, e.Organization, i.Channel, i.Address)
}
