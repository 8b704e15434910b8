package storage

import (
	"context"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// posted are posts of the world's channel that wait to be read.
func (w *world) posted(ids ...string) []domain.Post {
	w.t.Helper()
	made := make([]domain.Post, len(ids))
	for n, id := range ids {
		made[n] = domain.NewPost(w.channel, id, noon.Add(time.Duration(n)*time.Second))
	}
	commit(w.t, w.Store, func(ctx context.Context) error { return w.CreatePosts(ctx, made...) })
	return made
}

// A post is written once, however many comments on it come in at the same moment:
// the second writer finds the first one's when its transaction runs again.
func TestAPostIsWrittenOnce(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		first, tries := w.posted("p")[0], 0
		commit(t, w.Store, func(ctx context.Context) error {
			tries++
			known, err := w.PostsByPlatformID(ctx, w.org, w.channel.ID, []string{"p", "q"})
			if err != nil {
				return err
			}
			fresh := []domain.Post{domain.NewPost(w.channel, "q", noon)}
			if tries == 1 { // as long as the first is not to be seen
				delete(known, "p")
				fresh = append(fresh, domain.NewPost(w.channel, "p", noon))
			}
			if p, there := known["p"]; tries > 1 && (!there || p.ID != first.ID) {
				t.Errorf("found %+v", known)
			}
			return w.CreatePosts(ctx, fresh...)
		})
		known, err := w.PostsByPlatformID(t.Context(), w.org, w.channel.ID, []string{"p", "q"})
		if tries != 2 || len(known) != 2 || err != nil {
			t.Errorf("%d tries, %d posts (%v)", tries, len(known), err)
		}
	})
}

// What is due is claimed once, the longest due first, and what waits for credentials
// is due when they come.
func TestPostsAreClaimed(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		w.posted("a", "b", "c")
		claim := func(now time.Time) (ids string) {
			commit(t, w.Store, func(ctx context.Context) error {
				due, err := w.ClaimPosts(ctx, now, machine, 10)
				for _, p := range due {
					ids += p.PlatformID
					p.LeaseUntil = machine.Add(time.Minute)
					if err := w.SavePost(ctx, &p); err != nil {
						return err
					}
				}
				return err
			})
			return ids
		}
		if got := claim(noon.Add(time.Second)); got != "ab" {
			t.Errorf("claimed %s", got)
		}
		if next, err := w.NextPost(t.Context(), noon.Add(time.Second)); err != nil || !next.Equal(noon.Add(2*time.Second)) {
			t.Errorf("the next is due at %v (%v)", next, err)
		}
		commit(t, w.Store, func(ctx context.Context) error { return w.ReleasePosts(ctx, w.org, w.channel.ID, noon) })
		if got := claim(noon); got != "c" {
			t.Errorf("claimed %s of what was released and is held by nobody", got)
		}
	})
}

// Erasing a contact takes away what they wrote in public, and what was to be asked of it.
func TestErasureForgetsPosts(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		w := newWorld(t, db.Store)
		i := w.waiting(1)[0]
		c, err := w.Contact(t.Context(), w.org, i.Contact)
		if err != nil {
			t.Fatal(err)
		}
		made := w.posted("theirs", "another's", "asked")
		m := w.messages(i, 1)[0]
		for n := range made {
			made[n] = made[n].Foretold(domain.PostContent{Author: c.Address, AuthorName: "name", Text: "text", Permalink: "link"})
		}
		made[1].Author = "somebody else"
		made[2] = made[2].Completes(m, c.ID, noon)
		made[2].Author = ""
		comment := domain.NewPost(w.channel, "again", noon)
		comment.Comment = true
		comment = comment.Completes(m, c.ID, noon)
		commit(t, w.Store, func(ctx context.Context) error {
			for n := range made {
				if err := w.SavePost(ctx, &made[n]); err != nil {
					return err
				}
			}
			return w.CreatePosts(ctx, comment)
		})
		identity := domain.Identity{Thread: i.Thread, Channel: w.channel.ID, App: w.app.ID, AccountID: "page", Address: c.Address}
		commit(t, w.Store, func(ctx context.Context) error {
			return w.BeginErasure(ctx, domain.NewErasure(c, []domain.Identity{identity}, domain.System(), noon))
		})
		for n, p := range made {
			got, err := w.Post(t.Context(), w.org, p.ID)
			if err != nil {
				t.Fatal(err)
			}
			if n == 1 {
				same(t, p.PlatformID, got, p)
				continue
			}
			if got.State != domain.PostGone || got.PostContent.Author+got.AuthorName+got.Text+got.Permalink != "" || got.Due != nil || got.Contact != nil || got.PlatformID != tombstone(string(p.ID)) {
				t.Errorf("%s is left as %+v", p.PlatformID, got)
			}
		}
		if _, err := w.Post(t.Context(), w.org, comment.ID); !domain.IsKind(err, domain.ErrorNotFound) {
			t.Errorf("the comment is still to be asked for (%v)", err)
		}
	})
}
