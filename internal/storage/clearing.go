package storage

import (
	"context"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// ClearMessages takes what was said out of some messages with a contact who is
// being erased, and their files with them; none are left where it counts none. That
// something was said, by which side and when, stays.
func (s *Store) ClearMessages(ctx context.Context, e domain.Erasure, now time.Time, limit int) (n domain.ErasureCounts, err error) {
	rows, err := all[messageRow](s.db(ctx).Where("organization_id = ? AND thread_id IN ? AND (tombstone <> 'erased' OR platform_message_id IS NOT NULL)",
		e.Organization, threadsOf(e)).Order("thread_id, position").Limit(limit))
	if err != nil || len(rows) == 0 {
		return n, err
	}
	messages, err := eachTry(rows, s.fromMessageRow)
	if err != nil {
		return n, err
	}
	n.Messages = len(messages)
	if err := s.clearIDs(ctx, e, messages); err != nil {
		return n, err
	}
	ids := each(messages, func(m domain.Message) domain.MessageID { return m.ID })
	if n.Attachments, err = s.clearFiles(ctx, e, messages, ids, now); err != nil {
		return n, err
	}
	if err := s.exec(ctx, "attempts", nil, "UPDATE attempts SET platform_message_id = NULL WHERE organization_id = ? AND message_id IN ?", e.Organization, ids); err != nil {
		return n, err
	}
	return n, s.exec(ctx, "messages", each(ids, func(id domain.MessageID) string { return rowKey(e.Organization, id) }),
		`UPDATE messages SET body = NULL, content = ?, attachments = '[]', details = '{}', platform_message_id = NULL, edited_at = NULL, expires_at = NULL,
		tombstone = 'erased', status = CASE WHEN status = 'queued' THEN 'deleted' ELSE status END, version = version + 1 WHERE organization_id = ? AND id IN ?`,
		[]byte{}, e.Organization, ids)
}

func threadsOf(e domain.Erasure) []domain.ThreadID {
	return each(e.Identities, func(i domain.Identity) domain.ThreadID { return i.Thread })
}

// clearIDs turns the platform's ids of messages into keyed hashes, and takes away
// what was told of them before they came.
func (s *Store) clearIDs(ctx context.Context, e domain.Erasure, messages []domain.Message) error {
	byChannel := map[domain.ChannelID][]string{}
	for _, m := range messages {
		if m.PlatformMessageID != nil {
			byChannel[m.Channel] = append(byChannel[m.Channel], *m.PlatformMessageID)
		}
	}
	for ch, ids := range byChannel {
		if err := s.remember(ctx, erasedMessage, e.Organization, ch, e.RequestedAt, ids...); err != nil {
			return err
		}
		err := s.exec(ctx, "early_events", nil, "DELETE FROM early_events WHERE organization_id = ? AND channel_id = ? AND platform_message_id IN ?", e.Organization, ch, ids)
		if err != nil {
			return err
		}
	}
	return nil
}

// clearFiles takes away the files that came with messages, and those that were sent.
func (s *Store) clearFiles(ctx context.Context, e domain.Erasure, messages []domain.Message, ids []domain.MessageID, now time.Time) (n int, err error) {
	var sent []domain.AttachmentID
	for _, m := range messages {
		sent = append(sent, m.Files()...)
	}
	const erase = `UPDATE attachments SET erased = TRUE, name = '', sealed_name = '', source = '', sha256 = '', content_type = '', size = 0,
		due = ?, lease_until = 0, version = version + 1 WHERE organization_id = ? AND NOT erased AND `
	came, err := s.writeNow(ctx, erase+"message_id IN ?", ms(now), e.Organization, ids)
	if err != nil || len(sent) == 0 {
		return int(came), err
	}
	went, err := s.writeNow(ctx, erase+"id IN ?", ms(now), e.Organization, sent)
	if err != nil {
		return 0, err
	}
	return int(came + went), s.clearAnswers(ctx, e.Organization, each(sent, func(a domain.AttachmentID) string { return string(a) }))
}

// ClearInbox removes some of the events that came from a contact who is being
// erased; none are left where it counts none.
func (s *Store) ClearInbox(ctx context.Context, e domain.Erasure, limit int) (n domain.ErasureCounts, err error) {
	for _, i := range e.Identities {
		for _, address := range i.Addresses() {
			removed, err := s.writeNow(ctx, `DELETE FROM inbox WHERE organization_id = ? AND id IN (SELECT id FROM inbox WHERE organization_id = ? AND contact = ? AND contact <> ''
			AND id < ? AND app_id = ? AND account_id = ? ORDER BY id LIMIT ?)`, e.Organization, e.Organization, address, e.Boundary, appKey(i.App), i.AccountID, limit)
			if err != nil {
				return n, err
			}
			n.InboxEvents += int(removed)
		}
	}
	return n, nil
}

// ClearNotes takes away what agents noted of a contact who is being erased, what
// they had begun to write to them, and what was still to be sent. It waits for those
// who are noting something; whoever comes later finds the contact erased.
func (s *Store) ClearNotes(ctx context.Context, e domain.Erasure) (n domain.ErasureCounts, err error) {
	const theirs = "interaction_id IN (SELECT id FROM interactions WHERE organization_id = ? AND contact_id = ?)"
	held, err := all[interactionRow](forUpdate(s.db(ctx).Select("id").Where("organization_id = ? AND contact_id = ?", e.Organization, e.Contact).Order("id")))
	if err != nil {
		return n, err
	}
	of := append(each(held, func(r interactionRow) string { return r.ID }), string(e.Contact))
	if err := s.clearAnswers(ctx, e.Organization, of); err != nil {
		return n, err
	}
	for _, c := range []struct {
		sql   string
		count *int
	}{
		{"UPDATE participants SET wrap_up_notes = NULL, sealed_notes = '', version = version + 1 WHERE organization_id = ? AND (wrap_up_notes IS NOT NULL OR length(sealed_notes) > 0) AND " + theirs, &n.Notes},
		{"UPDATE transfers SET note = NULL, version = version + 1 WHERE organization_id = ? AND note IS NOT NULL AND " + theirs, &n.Notes},
		{"DELETE FROM drafts WHERE organization_id = ? AND " + theirs, &n.Drafts},
	} {
		cleared, err := s.writeNow(ctx, c.sql, e.Organization, e.Organization, e.Contact)
		if err != nil {
			return n, err
		}
		*c.count += int(cleared)
	}
	for _, t := range threadsOf(e) {
		if err := s.exec(ctx, "jobs", nil, "DELETE FROM jobs WHERE organization_id = ? AND lane_id = ? AND lease_until = 0", e.Organization, t); err != nil {
			return n, err
		}
	}
	return n, s.exec(ctx, "interactions", nil, "UPDATE interactions SET referral = 'null', version = version + 1 WHERE organization_id = ? AND contact_id = ? AND referral <> 'null'",
		e.Organization, e.Contact)
}

// Sends tells whether something is still on its way to a contact who is being erased.
func (s *Store) Sends(ctx context.Context, e domain.Erasure) (bool, error) {
	return s.any(ctx, "SELECT EXISTS (SELECT 1 FROM jobs WHERE organization_id = ? AND lane_id IN ?)", e.Organization, threadsOf(e))
}

// DropInbox removes events that are of somebody who was erased.
func (s *Store) DropInbox(ctx context.Context, org domain.OrganizationID, events []domain.InboxID) error {
	return s.exec(ctx, "inbox", each(events, func(i domain.InboxID) string { return rowKey(org, i) }),
		"DELETE FROM inbox WHERE organization_id = ? AND id IN ?", org, events)
}
