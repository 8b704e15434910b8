package storage

import (
	"context"
	"strconv"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

type messageRow struct {
	OrganizationID    string `gorm:"primaryKey"`
	ID                string `gorm:"primaryKey"`
	InteractionID     string `gorm:"<-:create"`
	ThreadID          string `gorm:"<-:create"`
	ChannelID         string `gorm:"<-:create"`
	Position          int64  `gorm:"<-:create"`
	Direction         string `gorm:"<-:create"`
	Kind              string `gorm:"<-:create"`
	Visibility        string `gorm:"<-:create"`
	SenderType        string `gorm:"<-:create"`
	SenderID          string `gorm:"<-:create"`
	SenderName        *string
	SenderLabel       *string
	Body              *string // as the next and Details, of a row that was written before content was sealed
	Attachments       string
	InReplyTo         *string `gorm:"<-:create"`
	PostID            *string `gorm:"<-:create"`
	PlatformMessageID *string
	PlatformTime      *int64
	CreatedAt         int64 `gorm:"<-:create"`
	Details           string
	Content           []byte // sealed; empty where nothing was said, or nothing is left
	ExpiresAt         *int64
	EditedAt          *int64
	EditNumber        int
	Tombstone         string
	Status            string
	FailureCode       *string
	Attempts          int
	SentAt            *int64
	Reconciled        bool
	SendGroupID       string  `gorm:"<-:create"`
	ClientMessageID   *string `gorm:"<-:create"`
	ResendOf          *string `gorm:"<-:create"`
	ResentAs          *string
	CannedResponseID  *string `gorm:"<-:create"`
	Version           int64
}

func (messageRow) TableName() string { return "messages" }

// said is what a message says: nobody reads it in the database, nor in what the
// database leaves behind.
type said struct {
	Text        *string               `json:"text,omitempty"`
	Attachments []domain.Attachment   `json:"attachments,omitempty"`
	Details     domain.MessageDetails `json:"details,omitzero"`
}

func (s *Store) toMessageRow(m domain.Message) (messageRow, error) {
	r := messageRow{OrganizationID: string(m.Organization), ID: string(m.ID), InteractionID: string(m.Interaction), ThreadID: string(m.Thread),
		ChannelID: string(m.Channel), Position: m.Position, Direction: string(m.Direction), Kind: string(m.Kind), Visibility: string(m.Visibility),
		SenderType: string(m.Sender.Type), SenderID: m.Sender.ID, SenderName: m.Sender.DisplayName, SenderLabel: m.Sender.Label,
		Attachments: "[]", InReplyTo: id[string](m.InReplyTo), PostID: m.Post, PlatformMessageID: m.PlatformMessageID,
		PlatformTime: msPtr(m.PlatformTime), CreatedAt: ms(m.CreatedAt), Details: "{}", ExpiresAt: msPtr(m.ExpiresAt),
		EditedAt: msPtr(m.EditedAt), EditNumber: m.EditNumber, Tombstone: string(m.Erased), Status: string(m.Status), Attempts: m.Attempts, SentAt: msPtr(m.SentAt),
		Reconciled: m.Reconciled, SendGroupID: m.SendGroupID, ClientMessageID: m.ClientMessageID, ResendOf: id[string](m.ResendOf),
		ResentAs: id[string](m.ResentAs), CannedResponseID: id[string](m.CannedResponse), Version: m.Version}
	if m.Failure != nil {
		code := string(m.Failure.Code)
		r.FailureCode = &code
	}
	var err error
	r.Content, err = sealFilled(s, place(r.OrganizationID, "messages", "content", r.ID), said{m.Text, m.Attachments, m.Details})
	return r, err
}

func (s *Store) fromMessageRow(r messageRow) (domain.Message, error) {
	m := domain.Message{ID: domain.MessageID(r.ID), Organization: domain.OrganizationID(r.OrganizationID), Interaction: domain.InteractionID(r.InteractionID),
		Thread: domain.ThreadID(r.ThreadID), Channel: domain.ChannelID(r.ChannelID), Position: r.Position, Direction: domain.Direction(r.Direction),
		Kind: domain.MessageKind(r.Kind), Visibility: domain.Visibility(r.Visibility),
		Sender: domain.Sender{Type: domain.SenderType(r.SenderType), ID: r.SenderID, DisplayName: r.SenderName, Label: r.SenderLabel},
		Text:   r.Body, Attachments: fromDoc[[]domain.Attachment](r.Attachments), InReplyTo: id[domain.MessageID](r.InReplyTo), Post: r.PostID,
		PlatformMessageID: r.PlatformMessageID, PlatformTime: fromMSPtr(r.PlatformTime), CreatedAt: fromMS(r.CreatedAt), ExpiresAt: fromMSPtr(r.ExpiresAt),
		Details: fromDoc[domain.MessageDetails](r.Details), EditedAt: fromMSPtr(r.EditedAt), EditNumber: r.EditNumber, Erased: domain.Tombstone(r.Tombstone),
		Status: domain.ReplyStatus(r.Status), Attempts: r.Attempts, SentAt: fromMSPtr(r.SentAt), Reconciled: r.Reconciled,
		SendGroupID: r.SendGroupID, ClientMessageID: r.ClientMessageID, ResendOf: id[domain.MessageID](r.ResendOf),
		ResentAs: id[domain.MessageID](r.ResentAs), CannedResponse: id[domain.CannedResponseID](r.CannedResponseID), Version: r.Version}
	if r.FailureCode != nil {
		failure := domain.FailureOf(domain.FailureCode(*r.FailureCode))
		m.Failure = &failure
	}
	if len(r.Content) == 0 {
		return m, nil
	}
	said := said{Attachments: []domain.Attachment{}}
	err := s.unseal(place(r.OrganizationID, "messages", "content", r.ID), r.Content, &said)
	m.Text, m.Attachments, m.Details = said.Text, said.Attachments, said.Details
	return m, err
}

// messages gives the messages of rows that were read.
func (s *Store) messages(rows []messageRow, err error) ([]domain.Message, error) {
	if err != nil {
		return nil, err
	}
	return eachTry(rows, s.fromMessageRow)
}

// messagesBy gives the messages of rows that were read, by one of their columns.
func messagesBy[K comparable](s *Store, rows []messageRow, err error, key func(domain.Message) K) (map[K]domain.Message, error) {
	found := map[K]domain.Message{}
	messages, err := s.messages(rows, err)
	for _, m := range messages {
		found[key(m)] = m
	}
	return found, err
}

// CreateMessages appends messages to transcripts.
func (s *Store) CreateMessages(ctx context.Context, messages ...domain.Message) error {
	rows, err := eachTry(messages, s.toMessageRow)
	if err != nil {
		return err
	}
	return insert(ctx, s, "", rows...)
}

// SaveMessage writes a message that was read, one version up.
func (s *Store) SaveMessage(ctx context.Context, m *domain.Message) error {
	r, err := s.toMessageRow(*m)
	if err != nil {
		return err
	}
	return save(ctx, s, &m.Version, r)
}

// DueExpiries lists messages whose content is to be erased by now, those of the
// longest ago first, and the time of the next one.
func (s *Store) DueExpiries(ctx context.Context, now time.Time, limit int) ([]domain.ExpiringMessage, time.Time, error) {
	var rows []messageRow
	err := s.db(ctx).Select("organization_id, id, interaction_id, expires_at").Where("expires_at IS NOT NULL").Order("expires_at").Limit(limit).Find(&rows).Error
	var due []domain.ExpiringMessage
	for _, r := range rows {
		if at := fromMS(*r.ExpiresAt); at.After(now) {
			return due, at, translate(err)
		}
		due = append(due, domain.ExpiringMessage{Organization: domain.OrganizationID(r.OrganizationID),
			Interaction: domain.InteractionID(r.InteractionID), Message: domain.MessageID(r.ID)})
	}
	return due, time.Time{}, translate(err)
}

// DropEcho takes an echo out of a transcript that turned out to be a reply's own.
func (s *Store) DropEcho(ctx context.Context, m domain.Message) error {
	// At once: the reply takes the platform's id over in a later statement.
	_, err := s.writeNow(ctx, "DELETE FROM messages WHERE organization_id = ? AND id = ?", m.Organization, m.ID)
	return err
}

// MessageFilter narrows a transcript.
type MessageFilter struct {
	Visibility domain.Visibility
	Replies    bool // only what agents sent
}

// Messages reads a transcript in its one order.
func (s *Store) Messages(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, f MessageFilter, p Page) ([]domain.Message, *string, error) {
	db := s.db(ctx).Where("organization_id = ? AND interaction_id = ? AND status <> 'deleted'", org, i)
	if f.Visibility != "" {
		db = db.Where("visibility = ?", f.Visibility)
	}
	if f.Replies {
		db = db.Where("direction = 'outbound' AND kind = 'message' AND status <> ''")
	}
	p = p.of("messages "+string(i)+strconv.FormatBool(f.Replies), isNumber)
	db, err := p.seek(db, "position")
	if err != nil {
		return nil, nil, err
	}
	rows, err := all[messageRow](db)
	rows, next := cut(p, rows, func(r messageRow) string { return strconv.FormatInt(r.Position, 10) })
	messages, err := s.messages(rows, err)
	return messages, next, err
}

// Reply gives one message that an agent sent in an interaction.
func (s *Store) Reply(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, m domain.MessageID) (domain.Message, error) {
	r, err := one[messageRow](s.db(ctx).Where("organization_id = ? AND id = ? AND interaction_id = ? AND direction = 'outbound' AND kind = 'message' AND status <> ''", org, m, i), "reply")
	if err != nil {
		return domain.Message{}, err
	}
	return s.fromMessageRow(r)
}

// Message gives one message of an interaction, of either side.
func (s *Store) Message(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, m domain.MessageID) (domain.Message, error) {
	r, err := one[messageRow](s.db(ctx).Where("organization_id = ? AND id = ? AND interaction_id = ?", org, m, i), "message")
	if err != nil {
		return domain.Message{}, err
	}
	return s.fromMessageRow(r)
}

// ReplyByClientID finds a reply by the id that its sender gave it; found is
// false without one.
func (s *Store) ReplyByClientID(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID, client string) (m domain.Message, found bool, err error) {
	rows, err := all[messageRow](s.db(ctx).Where("organization_id = ? AND channel_id = ? AND client_message_id = ?", org, ch, client).Limit(1))
	if err != nil || len(rows) == 0 {
		return m, false, err
	}
	m, err = s.fromMessageRow(rows[0])
	return m, true, err
}

// SendGroup gives the replies of one request, in their order.
func (s *Store) SendGroup(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, group string) ([]domain.Message, error) {
	rows, err := all[messageRow](s.db(ctx).Where("organization_id = ? AND interaction_id = ? AND send_group_id = ?", org, i, group).Order("position"))
	return s.messages(rows, err)
}

// MessagesByPlatformID finds a channel's messages by the platform's ids.
func (s *Store) MessagesByPlatformID(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID, ids []string) (map[string]domain.Message, error) {
	if len(ids) == 0 {
		return map[string]domain.Message{}, nil
	}
	rows, err := probe[messageRow](ctx, s, string(org), string(ch), "platform_message_id", ids)
	return messagesBy(s, rows, err, func(m domain.Message) string { return *m.PlatformMessageID })
}

// MessagesByID gives messages of an organization by id.
func (s *Store) MessagesByID(ctx context.Context, org domain.OrganizationID, ids []domain.MessageID) (map[domain.MessageID]domain.Message, error) {
	if len(ids) == 0 {
		return map[domain.MessageID]domain.Message{}, nil
	}
	rows, err := all[messageRow](s.db(ctx).Where("organization_id = ? AND id IN ?", org, ids))
	return messagesBy(s, rows, err, func(m domain.Message) domain.MessageID { return m.ID })
}

// AwaitingReceipt gives a thread's replies that a receipt could still move, the
// oldest first.
func (s *Store) AwaitingReceipt(ctx context.Context, org domain.OrganizationID, thread domain.ThreadID) ([]domain.Message, error) {
	rows, err := all[messageRow](s.db(ctx).Where(`organization_id = ? AND thread_id = ? AND direction = 'outbound'
		AND status IN ('sending', 'sent', 'pending_recipient', 'delivered', 'unconfirmed', 'failed')`, org, thread).Order("position"))
	return s.messages(rows, err)
}

// LastReceived gives the platform's id of the latest message that a customer sent in a
// thread; empty where there is none.
func (s *Store) LastReceived(ctx context.Context, org domain.OrganizationID, thread domain.ThreadID) (string, error) {
	rows, err := all[messageRow](s.db(ctx).Where(`organization_id = ? AND thread_id = ? AND direction = 'inbound' AND kind = 'message'
		AND platform_message_id IS NOT NULL`, org, thread).Order("position DESC").Limit(1))
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return *rows[0].PlatformMessageID, nil
}

// SentSince gives what we sent in a thread above a position and not before a time.
func (s *Store) SentSince(ctx context.Context, org domain.OrganizationID, thread domain.ThreadID, above int64, from time.Time) ([]domain.Message, error) {
	return s.messages(all[messageRow](s.db(ctx).Where(`organization_id = ? AND thread_id = ? AND position > ? AND created_at >= ?
		AND direction = 'outbound' AND status NOT IN ('', 'deleted')`, org, thread, above, ms(from)).Order("position")))
}

// AnswersTo gives what we sent in private in answer to one message.
func (s *Store) AnswersTo(ctx context.Context, org domain.OrganizationID, m domain.MessageID) ([]domain.Message, error) {
	return s.messages(all[messageRow](s.db(ctx).Where("organization_id = ? AND in_reply_to = ? AND direction = 'outbound' AND visibility = 'private' AND status <> ''", org, m)))
}

// LatestPublic gives the newest public message of an interaction that the platform
// has, of one side, or of either where none is given. found is false without one.
func (s *Store) LatestPublic(ctx context.Context, org domain.OrganizationID, i domain.InteractionID, from domain.Direction) (m domain.Message, found bool, err error) {
	db := s.db(ctx).Where("organization_id = ? AND interaction_id = ? AND visibility = 'public' AND platform_message_id IS NOT NULL AND tombstone = ''", org, i)
	if from != "" {
		db = db.Where("direction = ?", from)
	}
	rows, err := all[messageRow](db.Order("position DESC").Limit(1))
	if err != nil || len(rows) == 0 {
		return m, false, err
	}
	m, err = s.fromMessageRow(rows[0])
	return m, true, err
}

// UnprovenPublic gives our public replies under some posts that have no id of the
// platform's: what became of them nobody may know; see domain.Message.Unproven.
func (s *Store) UnprovenPublic(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID, posts []string) ([]domain.Message, error) {
	return s.messages(all[messageRow](s.db(ctx).Where(`organization_id = ? AND channel_id = ? AND post_id IN ? AND visibility = 'public' AND platform_message_id IS NULL
		AND status IN ('sending', 'unconfirmed', 'failed')`, org, ch, posts).Order("created_at")))
}

// Unanswered counts the private replies in a thread, since the customer last wrote,
// that count against an allowance (see Message.Counts); it stops at most.
func (s *Store) Unanswered(ctx context.Context, org domain.OrganizationID, thread domain.ThreadID, most int) (n int, err error) {
	err = s.scan(ctx, &n, `SELECT COUNT(*) FROM (SELECT 1 AS one FROM messages WHERE organization_id = ? AND thread_id = ? AND position > COALESCE(
		(SELECT position FROM messages WHERE organization_id = ? AND thread_id = ? AND direction = 'inbound' ORDER BY position DESC LIMIT 1), 0)
		AND direction = 'outbound' AND visibility = 'private' AND status NOT IN ('', 'deleted')
		AND (status <> 'failed' OR attempts > 0 AND COALESCE(failure_code, '') NOT IN ?) LIMIT ?) AS counted`,
		org, thread, org, thread, domain.ReturningFailures(), most)
	return n, err
}

type attemptRow struct {
	OrganizationID    string `gorm:"primaryKey"`
	ID                string `gorm:"primaryKey"`
	MessageID         string `gorm:"<-:create"`
	Number            int    `gorm:"<-:create"`
	State             string
	PlatformMessageID *string
	PlatformStatus    int
	PlatformCode      string
	StartedAt         int64 `gorm:"<-:create"`
	FinishedAt        *int64
}

func (attemptRow) TableName() string { return "attempts" }

func toAttemptRow(a domain.Attempt) attemptRow {
	return attemptRow{OrganizationID: string(a.Organization), ID: string(a.ID), MessageID: string(a.Message), Number: a.Number,
		State: string(a.State), PlatformMessageID: a.PlatformMessageID, PlatformStatus: a.PlatformStatus, PlatformCode: a.PlatformCode,
		StartedAt: ms(a.StartedAt), FinishedAt: msPtr(a.FinishedAt)}
}

func fromAttemptRow(r attemptRow) domain.Attempt {
	return domain.Attempt{ID: domain.AttemptID(r.ID), Organization: domain.OrganizationID(r.OrganizationID), Message: domain.MessageID(r.MessageID),
		Number: r.Number, State: domain.AttemptState(r.State), PlatformMessageID: r.PlatformMessageID, PlatformStatus: r.PlatformStatus,
		PlatformCode: r.PlatformCode, StartedAt: fromMS(r.StartedAt), FinishedAt: fromMSPtr(r.FinishedAt)}
}

// CreateAttempts writes calls that are about to be made.
func (s *Store) CreateAttempts(ctx context.Context, attempts ...domain.Attempt) error {
	return insert(ctx, s, "", each(attempts, toAttemptRow)...)
}

// SaveAttempt writes what became of a call.
func (s *Store) SaveAttempt(ctx context.Context, a domain.Attempt) error {
	return update(ctx, s, toAttemptRow(a))
}

// AttemptsByToken finds calls by the tokens that they carried; a token of
// somebody else's making finds nothing.
func (s *Store) AttemptsByToken(ctx context.Context, org domain.OrganizationID, tokens []string) (map[string]domain.Attempt, error) {
	found := map[string]domain.Attempt{}
	tokens = onlyIDs(tokens)
	if len(tokens) == 0 {
		return found, nil
	}
	rows, err := all[attemptRow](s.db(ctx).Where("organization_id = ? AND id IN ?", org, tokens))
	for _, r := range rows {
		found[r.ID] = fromAttemptRow(r)
	}
	return found, err
}

// InFlight gives the calls of messages that have no result yet.
func (s *Store) InFlight(ctx context.Context, org domain.OrganizationID, messages []domain.MessageID) (map[domain.MessageID]domain.Attempt, error) {
	found := map[domain.MessageID]domain.Attempt{}
	rows, err := all[attemptRow](s.db(ctx).Where("organization_id = ? AND message_id IN ? AND state = 'in_flight'", org, messages))
	for _, r := range rows {
		found[domain.MessageID(r.MessageID)] = fromAttemptRow(r)
	}
	return found, err
}

// LeftUnknown tells whether a call for the message ended without anybody knowing
// whether it was taken.
func (s *Store) LeftUnknown(ctx context.Context, org domain.OrganizationID, message domain.MessageID) (bool, error) {
	return s.any(ctx, "SELECT EXISTS (SELECT 1 FROM attempts WHERE organization_id = ? AND message_id = ? AND state = 'unknown')", org, message)
}
