package compose

import (
	"context"
	"slices"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// earlier finds the replies that this client_message_id made before, for the agent who
// wrote them and whoever may write now: to all others they would tell what they cannot see.
func (c *Composer) earlier(ctx context.Context, i domain.Interaction, agent domain.AgentID, d Draft) ([]domain.Message, error) {
	if d.ClientMessageID == "" {
		return nil, nil
	}
	first, found, err := c.byClientID(ctx, i, d.ClientMessageID)
	if err != nil || !found || first.Sender.ID != string(agent) && i.CanReply(agent) != nil {
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

// byClientID finds the reply with a client_message_id: of the interaction's channel, or
// of the one on which it goes on in private.
func (c *Composer) byClientID(ctx context.Context, i domain.Interaction, id string) (m domain.Message, found bool, err error) {
	if m, found, err = c.Store.ReplyByClientID(ctx, i.Organization, i.Channel, id); err != nil || found || i.Direct == nil {
		return m, found, err
	}
	private, err := c.Store.ReplyTerms(ctx, i.Organization, *i.Direct)
	if err != nil || private.Channel == i.Channel {
		return m, false, err
	}
	return c.Store.ReplyByClientID(ctx, i.Organization, private.Channel, id)
}

// made tells whether replies are what this draft would make.
func (d Draft) made(group []domain.Message) bool {
	var text string
	var files []domain.AttachmentID
	for _, m := range group {
		if m.Text != nil {
			text = *m.Text
		}
		if m.CannedResponse != nil && *m.CannedResponse == d.CannedResponse && d.Text == "" {
			text = "" // it was made of the same, whatever that says by now
		}
		files = append(files, m.Files()...)
	}
	return text == d.Text && slices.Equal(files, d.Files) && (len(group) == 0 || sameTemplate(group[0].Details.Template, d.Template))
}

// parts makes the replies of a letter: the text first, then a reply for each file,
// all of one group.
func (l letter) parts() []domain.Message {
	group := domain.NewID[string]()
	part := func(text *string, attachments ...domain.Attachment) domain.Message {
		return domain.Message{ID: domain.NewID[domain.MessageID](), Organization: l.Organization, Interaction: l.ID, Thread: l.thread, Channel: l.channel, Post: l.post,
			Direction: domain.Outbound, Kind: domain.KindMessage, Visibility: l.Visibility, Text: text, Attachments: attachments, Sender: l.sender,
			CreatedAt: l.now, Status: domain.ReplyQueued, SendGroupID: group, Version: 1}
	}
	var parts []domain.Message
	if l.Template != nil {
		prepared := part(nil, []domain.Attachment{}...)
		prepared.Details.Template = l.Template
		return l.addressed(prepared)
	}
	if l.Text != "" {
		parts = append(parts, part(&l.Text, []domain.Attachment{}...))
	}
	for _, f := range l.files {
		parts = append(parts, part(nil, domain.Attachment{ID: f.ID, Type: l.allowed.Files.Kind(f.ContentType)}))
	}
	return l.addressed(parts...)
}

// addressed gives the replies with what they answer; the first one has what the whole
// letter is known by.
func (l letter) addressed(parts ...domain.Message) []domain.Message {
	if len(parts) == 0 {
		return nil
	}
	for n := range parts {
		if n == 0 || l.first || l.Draft.Visibility == domain.Public { // each file stands under what is answered
			parts[n].InReplyTo = l.quoted
		}
	}
	parts[0].CannedResponse = l.canned
	if l.ClientMessageID != "" {
		parts[0].ClientMessageID = &l.ClientMessageID
	}
	return parts
}

// judged gives the replies of a letter, and for each the code with which it fails
// at once; empty where it goes out.
func (c *Composer) judged(ctx context.Context, l letter) ([]domain.Message, []domain.FailureCode, error) {
	parts := l.parts()
	codes := l.judge(parts...)
	repeats, err := c.repeats(ctx, l, parts)
	for n := range codes {
		if codes[n] == "" && repeats[n] {
			codes[n] = domain.FailureDuplicate
		}
	}
	return parts, codes, err
}

// fileFits tells what is wrong with a file for the channel.
func (c *Composer) fileFits(f domain.File, rule channel.FileRule, pointer string) error {
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
func (c *Composer) use(ctx context.Context, files []domain.File) error {
	seen := map[domain.AttachmentID]bool{}
	for _, f := range files {
		if f.ExpiresAt == nil || seen[f.ID] {
			continue
		}
		seen[f.ID] = true
		used := f.Use()
		if err := c.Store.SaveFile(ctx, &used); err != nil {
			return err
		}
	}
	return nil
}
