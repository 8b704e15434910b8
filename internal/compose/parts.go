package compose

import (
	"context"
	"slices"
	"strconv"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// earlier finds the replies that this client_message_id made before.
func (c *Composer) earlier(ctx context.Context, i domain.Interaction, d Draft) ([]domain.Message, error) {
	if d.ClientMessageID == "" {
		return nil, nil
	}
	first, found, err := c.Store.ReplyByClientID(ctx, i.Organization, i.Channel, d.ClientMessageID)
	if err != nil || !found {
		return nil, err
	}
	group, err := c.Store.SendGroup(ctx, i.Organization, first.Interaction, first.SendGroupID)
	if err != nil {
		return nil, err
	}
	if first.Interaction != i.ID || !d.made(group) {
		return nil, domain.Conflict("reply.client_message_id_used", "This client_message_id was used for another reply of the channel. Use a new one for a new reply.")
	}
	return group, nil
}

// made tells whether replies are what this draft would make.
func (d Draft) made(group []domain.Message) bool {
	var text string
	var files []domain.AttachmentID
	for _, m := range group {
		if m.Text != nil {
			text = *m.Text
		}
		files = append(files, m.Files()...)
	}
	return text == d.Text && slices.Equal(files, d.Files)
}

// parts checks the draft against the channel and makes the replies of it: the
// text first, then a reply for each file, all of one group.
func (c *Composer) parts(ctx context.Context, i domain.Interaction, agent domain.AgentID, d Draft) ([]domain.Message, error) {
	if err := c.check(i, d); err != nil {
		return nil, err
	}
	files, err := c.files(ctx, i, d.Files)
	if err != nil {
		return nil, err
	}
	a, err := c.Store.Agent(ctx, i.Organization, agent)
	if err != nil {
		return nil, err
	}
	name, group, now := a.PublicName(), domain.NewID[string](), c.Now()
	part := func(text *string, attachments ...domain.Attachment) domain.Message {
		return domain.Message{ID: domain.NewID[domain.MessageID](), Organization: i.Organization, Interaction: i.ID, Thread: i.Thread, Channel: i.Channel,
			Direction: domain.Outbound, Kind: domain.KindMessage, Visibility: domain.Private, Text: text, Attachments: attachments,
			Sender:    domain.Sender{Type: domain.SenderAgent, ID: string(agent), DisplayName: &name},
			CreatedAt: now, Status: domain.ReplyQueued, SendGroupID: group, Version: 1}
	}
	var parts []domain.Message
	if d.Text != "" {
		parts = append(parts, part(&d.Text, []domain.Attachment{}...))
	}
	rule := c.Capabilities[i.ChannelKind].Files
	for _, f := range files {
		parts = append(parts, part(nil, domain.Attachment{ID: f.ID, Type: rule.Kind(f.ContentType)}))
	}
	if d.ClientMessageID != "" {
		parts[0].ClientMessageID = &d.ClientMessageID
	}
	return parts, c.quote(ctx, i, d, &parts[0])
}

// check holds the draft to what the channel allows.
func (c *Composer) check(i domain.Interaction, d Draft) error {
	allowed := c.Capabilities[i.ChannelKind]
	if domain.Blank(d.Text) && (d.Text != "" || len(d.Files) == 0) {
		return domain.Invalid("/text", "content.empty", "The text must have a character that can be seen.")
	}
	if used := allowed.Length(d.Text); used > allowed.TextLimit {
		return domain.Invalid("/text", "content.too_long",
			"The text has %d characters; this channel takes %d.", used, allowed.TextLimit)
	}
	if d.Visibility == domain.Public {
		return domain.Invalid("/visibility", "content.visibility_not_supported", "This channel has private messages only.")
	}
	return nil
}

// files gives the files of a draft in its order, each of which the channel takes,
// and keeps them from now on.
func (c *Composer) files(ctx context.Context, i domain.Interaction, ids []domain.AttachmentID) ([]domain.File, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	terms, err := c.Store.ReplyTerms(ctx, i.Organization, i.Thread)
	if err != nil {
		return nil, err
	}
	rule := c.Capabilities[i.ChannelKind].Files
	if rule.None() || !terms.Settings.TakesFiles() {
		return nil, domain.Invalid("/attachment_ids", "content.attachments_not_supported", "This channel takes no attachments.")
	}
	known, err := c.Store.FilesByID(ctx, i.Organization, ids)
	if err != nil {
		return nil, err
	}
	files := make([]domain.File, len(ids))
	for n, id := range ids {
		files[n] = known[id]
		if err := c.fits(files[n], rule, "/attachment_ids/"+strconv.Itoa(n)); err != nil {
			return nil, err
		}
	}
	return files, c.use(ctx, known)
}

// fits tells what is wrong with a file for the channel.
func (c *Composer) fits(f domain.File, rule channel.FileRule, pointer string) error {
	switch {
	case f.ID == "" || f.Origin != domain.FileUploaded:
		return domain.Invalid(pointer, "content.attachment_unknown", "There is no attachment with this id that can be sent.")
	case !f.Usable(c.Now()):
		return domain.Invalid(pointer, "content.attachment_not_ready", "The attachment is not ready: its bytes are not here, or its time is over.")
	case !rule.Takes(f.ContentType):
		return domain.Invalid(pointer, "content.attachment_type_not_allowed", "This channel does not take files of this type.")
	case f.Size > rule.Limit(f.ContentType):
		return domain.Invalid(pointer, "content.attachment_too_large", "The file has %d bytes; this channel takes %d.", f.Size, rule.Limit(f.ContentType))
	}
	return nil
}

// use keeps files that would have ended unused. One that ends at this moment is
// looked at again.
func (c *Composer) use(ctx context.Context, files map[domain.AttachmentID]domain.File) error {
	for _, f := range files {
		if f.ExpiresAt == nil {
			continue
		}
		used := f.Use()
		if err := c.Store.SaveFile(ctx, &used); err != nil {
			return err
		}
	}
	return nil
}
