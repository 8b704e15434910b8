package compose

import (
	"context"
	"strings"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// recent bounds how many messages of a thread are compared with: nobody writes more
// in a duplicate window.
const recent = 200

// repeats tells for each reply whether the agents' side has sent the same in this
// conversation within the channel's window (D13): the same text but for its spaces, or
// a file of the same bytes. What failed does not count, nor what a request says twice;
// a new conversation may begin with the same words.
func (c *Composer) repeats(ctx context.Context, l letter, parts []domain.Message) ([]bool, error) {
	repeated, window := make([]bool, len(parts)), l.window()
	if window == 0 {
		return repeated, nil
	}
	sent, err := c.Store.SentSince(ctx, l.Organization, l.thread, l.Position-recent, l.now.Add(-window))
	if err != nil || len(sent) == 0 {
		return repeated, err
	}
	known, err := c.bytes(ctx, l, sent)
	if err != nil {
		return repeated, err
	}
	before := map[string]bool{}
	for _, m := range sent {
		if m.Interaction == l.ID && m.Failure == nil && m.Sender.Type == l.sender.Type && m.Kind == domain.KindMessage && m.Visibility == l.Draft.Visibility {
			before[content(m, known)] = true
		}
	}
	for n, m := range parts {
		repeated[n] = before[content(m, known)]
	}
	return repeated, nil
}

// window is how long the same reply is taken for a slip.
func (at place) window() time.Duration {
	if seconds := at.terms.Settings.DuplicateWindowSeconds; seconds != nil {
		return time.Duration(*seconds) * time.Second
	}
	return channel.DuplicateWindow
}

// bytes gives the digests of the files of a letter, and of those sent before it where
// it has any.
func (c *Composer) bytes(ctx context.Context, l letter, sent []domain.Message) (map[domain.AttachmentID]string, error) {
	digests := map[domain.AttachmentID]string{}
	if len(l.files) == 0 {
		return digests, nil
	}
	var ids []domain.AttachmentID
	for _, m := range sent {
		ids = append(ids, m.Files()...)
	}
	earlier, err := c.Store.FilesByID(ctx, l.Organization, ids)
	for id, f := range earlier {
		digests[id] = f.SHA256
	}
	for _, f := range l.files {
		digests[f.ID] = f.SHA256
	}
	return digests, err
}

// content is what a reply says, so that two that say the same are equal.
func content(m domain.Message, digests map[domain.AttachmentID]string) string {
	said := ""
	if t := m.Details.Template; t != nil {
		said = "template " + t.Language + " " + t.Name + " " + strings.Join(t.Parameters, "\x00")
	}
	if m.Text != nil {
		said = "text " + channel.Normal(*m.Text)
	}
	for _, id := range m.Files() {
		if digests[id] == "" {
			return "file " + string(id)
		}
		said += " file " + digests[id]
	}
	return said
}
