package storage

import (
	"context"
	"encoding/json"
	"time"

	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/secret"
)

type appRow struct {
	OrganizationID string `gorm:"primaryKey"`
	ID             string `gorm:"primaryKey"`
	Platform       string `gorm:"<-:create"`
	Name           string
	ExternalID     *string
	Secrets        []byte
	VerifyToken    []byte
	Version        int64
	CreatedAt      int64 `gorm:"<-:create"`
	UpdatedAt      int64
	DeletedAt      *int64 `gorm:"<-:create"`
}

func (appRow) TableName() string { return "platform_apps" }

// place binds a sealed value to its row and column.
func place(org, table, column, row string) secret.Place {
	return secret.Place{OrganizationID: org, Table: table, Column: column, RowID: row}
}

// seal writes a value as a sealed JSON document.
func (s *Store) seal(p secret.Place, v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return s.sealer.Seal(p, plain)
}

// sealFilled is seal for what people said: of nothing, nothing is written.
func sealFilled[T any](s *Store, p secret.Place, v T) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil || string(plain) == "{}" {
		return []byte{}, err
	}
	return s.sealer.Seal(p, plain)
}

// unseal reads a sealed JSON document.
func (s *Store) unseal(p secret.Place, sealed []byte, v any) error {
	plain, err := s.sealer.Open(p, sealed)
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, v)
}

func (s *Store) toAppRow(a domain.PlatformApp) (appRow, error) {
	org, row := string(a.Organization), string(a.ID)
	secrets, err := s.seal(place(org, "platform_apps", "secrets", row), a.Secrets)
	if err != nil {
		return appRow{}, err
	}
	token, err := s.seal(place(org, "platform_apps", "verify_token", row), a.VerifyToken)
	return appRow{OrganizationID: org, ID: row, Platform: string(a.Platform), Name: a.Name, ExternalID: a.ExternalID, Secrets: secrets, VerifyToken: token,
		Version: a.Version, CreatedAt: ms(a.CreatedAt), UpdatedAt: ms(a.UpdatedAt)}, err
}

func (s *Store) fromAppRow(r appRow) (domain.PlatformApp, error) {
	a := domain.PlatformApp{ID: domain.AppID(r.ID), Organization: domain.OrganizationID(r.OrganizationID),
		Platform: domain.Platform(r.Platform), Name: r.Name, ExternalID: r.ExternalID, Version: r.Version,
		CreatedAt: fromMS(r.CreatedAt), UpdatedAt: fromMS(r.UpdatedAt)}
	if err := s.unseal(place(r.OrganizationID, "platform_apps", "secrets", r.ID), r.Secrets, &a.Secrets); err != nil {
		return a, err
	}
	return a, s.unseal(place(r.OrganizationID, "platform_apps", "verify_token", r.ID), r.VerifyToken, &a.VerifyToken)
}

// CreateApp adds a platform app.
func (s *Store) CreateApp(ctx context.Context, a domain.PlatformApp) error {
	r, err := s.toAppRow(a)
	if err != nil {
		return err
	}
	return insert(ctx, s, "", r)
}

// SaveApp writes an app that was read, one version up.
func (s *Store) SaveApp(ctx context.Context, a *domain.PlatformApp) error {
	r, err := s.toAppRow(*a)
	if err != nil {
		return err
	}
	return save(ctx, s, &a.Version, r)
}

// AppByID finds an app before its organization is known: at the webhook's door.
func (s *Store) AppByID(ctx context.Context, app domain.AppID) (domain.PlatformApp, error) {
	r, err := one[appRow](s.db(ctx).Where("id = ? AND deleted_at IS NULL", app), "platform app")
	if err != nil {
		return domain.PlatformApp{}, err
	}
	return s.fromAppRow(r)
}

// App gives one app of an organization.
func (s *Store) App(ctx context.Context, org domain.OrganizationID, app domain.AppID) (domain.PlatformApp, error) {
	a, err := s.AppByID(ctx, app)
	if err == nil && a.Organization != org {
		return domain.PlatformApp{}, domain.NotFound("platform app")
	}
	return a, err
}

// Apps lists an organization's apps.
func (s *Store) Apps(ctx context.Context, org domain.OrganizationID, find Find, p Page) ([]domain.PlatformApp, *string, error) {
	rows, next, err := page(find.in(s.living(ctx, org)), p, func(r appRow) string { return r.ID })
	if err != nil {
		return nil, nil, err
	}
	apps := make([]domain.PlatformApp, len(rows))
	for i, r := range rows {
		if apps[i], err = s.fromAppRow(r); err != nil {
			return nil, nil, err
		}
	}
	return apps, next, nil
}

// DeleteApp hides an app; its webhooks are refused from then on.
func (s *Store) DeleteApp(ctx context.Context, a domain.PlatformApp, now time.Time) error {
	return s.remove(ctx, "platform_apps", a.Organization, string(a.ID), a.Version, now)
}

// AppInUse tells whether a channel belongs to the app.
func (s *Store) AppInUse(ctx context.Context, org domain.OrganizationID, app domain.AppID) (bool, error) {
	return s.any(ctx, "SELECT EXISTS (SELECT 1 FROM channels WHERE organization_id = ? AND app_id = ? AND deleted_at IS NULL)", org, app)
}

type channelRow struct {
	OrganizationID string `gorm:"primaryKey"`
	ID             string `gorm:"primaryKey"`
	Name           string
	ExternalID     *string
	AppID          string
	Kind           string `gorm:"<-:create"`
	AccountID      string
	Credentials    []byte
	QueueID        *string
	Settings       string
	Bot            *string
	Status         string
	Suppressed     int64 `gorm:"<-:create"`
	Version        int64
	CreatedAt      int64 `gorm:"<-:create"`
	UpdatedAt      int64
	DeletedAt      *int64 `gorm:"<-:create"`
}

func (channelRow) TableName() string { return "channels" }

// noApp stands in the columns of what belongs to no platform app: they take ids only.
const noApp = "00000000-0000-0000-0000-000000000000"

func appKey(app domain.AppID) string {
	if app == "" {
		return noApp
	}
	return string(app)
}

func fromAppKey(key string) domain.AppID {
	if key == noApp {
		return ""
	}
	return domain.AppID(key)
}

func (s *Store) toChannelRow(c domain.Channel) (channelRow, error) {
	org, row := string(c.Organization), string(c.ID)
	credentials, err := s.seal(place(org, "channels", "credentials", row), c.Credentials)
	return channelRow{OrganizationID: org, ID: row, Name: c.Name, ExternalID: c.ExternalID, AppID: appKey(c.App),
		Kind: string(c.Kind), AccountID: c.AccountID, Credentials: credentials, QueueID: id[string](c.Queue),
		Settings: doc(c.Settings), Bot: optionalDoc(c.Bot), Status: string(c.Status), Suppressed: c.Suppressed, Version: c.Version,
		CreatedAt: ms(c.CreatedAt), UpdatedAt: ms(c.UpdatedAt)}, err
}

func (s *Store) fromChannelRow(r channelRow) (domain.Channel, error) {
	c := domain.Channel{ID: domain.ChannelID(r.ID), Organization: domain.OrganizationID(r.OrganizationID), Name: r.Name,
		ExternalID: r.ExternalID, App: fromAppKey(r.AppID), Kind: domain.ChannelKind(r.Kind), AccountID: r.AccountID,
		Queue: id[domain.QueueID](r.QueueID), Settings: fromDoc[domain.ChannelSettings](r.Settings), Bot: fromOptionalDoc[domain.Bot](r.Bot),
		Status: domain.ChannelStatus(r.Status), Suppressed: r.Suppressed, Version: r.Version, CreatedAt: fromMS(r.CreatedAt), UpdatedAt: fromMS(r.UpdatedAt)}
	return c, s.unseal(place(r.OrganizationID, "channels", "credentials", r.ID), r.Credentials, &c.Credentials)
}

// CreateChannel adds a channel.
func (s *Store) CreateChannel(ctx context.Context, c domain.Channel) error {
	r, err := s.toChannelRow(c)
	if err != nil {
		return err
	}
	return insert(ctx, s, "", r)
}

// SaveChannel writes a channel that was read, one version up.
func (s *Store) SaveChannel(ctx context.Context, c *domain.Channel) error {
	r, err := s.toChannelRow(*c)
	if err != nil {
		return err
	}
	return save(ctx, s, &c.Version, r)
}

// Suppress counts messages that a channel's settings did not let in. It is no change
// of the channel: its version stays.
func (s *Store) Suppress(ctx context.Context, ch domain.Channel, n int) error {
	return s.exec(ctx, "channels", []string{rowKey(ch.Organization, ch.ID)}, "UPDATE channels SET suppressed = suppressed + ? WHERE organization_id = ? AND id = ?", n, ch.Organization, ch.ID)
}

// Channel gives one channel.
func (s *Store) Channel(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID) (domain.Channel, error) {
	r, err := one[channelRow](s.living(ctx, org).Where("id = ?", ch), "channel")
	if err != nil {
		return domain.Channel{}, err
	}
	return s.fromChannelRow(r)
}

// LockChannel gives one channel and holds the row until the transaction ends.
func (s *Store) LockChannel(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID) (domain.Channel, error) {
	r, err := one[channelRow](forUpdate(s.living(ctx, org).Where("id = ?", ch)), "channel")
	if err != nil {
		return domain.Channel{}, err
	}
	return s.fromChannelRow(r)
}

// ChannelFilter narrows a list of channels.
type ChannelFilter struct {
	Find
	Kind  domain.ChannelKind
	Queue domain.QueueID
}

// Channels lists an organization's channels.
func (s *Store) Channels(ctx context.Context, org domain.OrganizationID, f ChannelFilter, p Page) ([]domain.Channel, *string, error) {
	db := f.in(s.living(ctx, org))
	if f.Kind != "" {
		db = db.Where("kind = ?", f.Kind)
	}
	if f.Queue != "" {
		db = db.Where("queue_id = ?", f.Queue)
	}
	rows, next, err := page(db, p, func(r channelRow) string { return r.ID })
	if err != nil {
		return nil, nil, err
	}
	channels := make([]domain.Channel, len(rows))
	for i, r := range rows {
		if channels[i], err = s.fromChannelRow(r); err != nil {
			return nil, nil, err
		}
	}
	return channels, next, nil
}

// ChannelsOfAccounts gives the channels of an app by the platform's account ids.
func (s *Store) ChannelsOfAccounts(ctx context.Context, org domain.OrganizationID, kind domain.ChannelKind, accounts []string) (map[string]domain.Channel, error) {
	rows, err := all[channelRow](s.living(ctx, org).Where("kind = ? AND account_id IN ?", kind, accounts))
	if err != nil {
		return nil, err
	}
	found := map[string]domain.Channel{}
	for _, r := range rows {
		c, err := s.fromChannelRow(r)
		if err != nil {
			return nil, err
		}
		found[c.AccountID] = c
	}
	return found, nil
}

// DeleteChannel hides a channel.
func (s *Store) DeleteChannel(ctx context.Context, c domain.Channel, now time.Time) error {
	return s.remove(ctx, "channels", c.Organization, string(c.ID), c.Version, now)
}

// ChannelInUse tells whether an interaction of the channel is open.
func (s *Store) ChannelInUse(ctx context.Context, org domain.OrganizationID, ch domain.ChannelID) (bool, error) {
	return s.any(ctx, "SELECT EXISTS (SELECT 1 FROM interactions WHERE organization_id = ? AND channel_id = ? AND state <> 'disconnected')", org, ch)
}

// FindAccount finds a channel and its app by the platform's account id, in any
// organization: the sandbox plays the platform for all of them.
func (s *Store) FindAccount(ctx context.Context, kind domain.ChannelKind, account string) (ch domain.Channel, app domain.PlatformApp, found bool, err error) {
	rows, err := all[channelRow](s.db(ctx).Where("kind = ? AND account_id = ? AND deleted_at IS NULL", kind, account).Order("id").Limit(1))
	if err != nil || len(rows) == 0 {
		return ch, app, false, err
	}
	if ch, err = s.fromChannelRow(rows[0]); err != nil {
		return ch, app, false, err
	}
	if ch.App == "" {
		return ch, app, true, nil
	}
	app, err = s.AppByID(ctx, ch.App)
	return ch, app, err == nil, err
}
