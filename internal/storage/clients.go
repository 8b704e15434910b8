package storage

import (
	"context"

	"github.com/parley-cx/parley/internal/domain"
)

type clientRow struct {
	OrganizationID string `gorm:"primaryKey"`
	ID             string `gorm:"primaryKey"`
	Name           string
	SecretHash     []byte
	Scopes         string
	AgentID        *string
	AllowedOrigins string
	Version        int64
	CreatedAt      int64 `gorm:"<-:create"`
}

func (clientRow) TableName() string { return "oauth_clients" }

func toClientRow(c domain.Client) clientRow {
	return clientRow{OrganizationID: string(c.Organization), ID: string(c.ID), Name: c.Name, SecretHash: c.SecretHash,
		Scopes: domain.Join(c.Scopes), AgentID: id[string](c.Agent), AllowedOrigins: wordsDoc(c.AllowedOrigins), Version: c.Version, CreatedAt: ms(c.CreatedAt)}
}

func fromClientRow(r clientRow) domain.Client {
	return domain.Client{ID: domain.ClientID(r.ID), Organization: domain.OrganizationID(r.OrganizationID), Name: r.Name,
		SecretHash: r.SecretHash, Scopes: domain.ParseScopes(r.Scopes), Agent: id[domain.AgentID](r.AgentID), AllowedOrigins: fromDoc[[]string](r.AllowedOrigins),
		Version: r.Version, CreatedAt: fromMS(r.CreatedAt)}
}

// CreateClient adds a client.
func (s *Store) CreateClient(ctx context.Context, c domain.Client) error {
	return insert(ctx, s, "", toClientRow(c))
}

// SaveClient writes a client that was read, one version up.
func (s *Store) SaveClient(ctx context.Context, c *domain.Client) error {
	return save(ctx, s, &c.Version, toClientRow(*c))
}

// ClientByID finds a client before its organization is known: at the token endpoint.
func (s *Store) ClientByID(ctx context.Context, client domain.ClientID) (domain.Client, error) {
	r, err := one[clientRow](s.db(ctx).Where("id = ?", client), "OAuth client")
	if err != nil {
		return domain.Client{}, err
	}
	return fromClientRow(r), nil
}

// Client gives one client of an organization.
func (s *Store) Client(ctx context.Context, org domain.OrganizationID, client domain.ClientID) (domain.Client, error) {
	c, err := s.ClientByID(ctx, client)
	if err == nil && c.Organization != org {
		return domain.Client{}, domain.NotFound("OAuth client")
	}
	return c, err
}

// Clients lists an organization's clients.
func (s *Store) Clients(ctx context.Context, org domain.OrganizationID, p Page) ([]domain.Client, *string, error) {
	rows, next, err := page(s.db(ctx).Where("organization_id = ?", org), p.of("oauth_clients", isText), func(r clientRow) string { return r.ID })
	return each(rows, fromClientRow), next, err
}

// DeleteClient removes a client; its tokens stop working at once on this node,
// and within seconds on the others.
func (s *Store) DeleteClient(ctx context.Context, c domain.Client) error {
	return s.writeTo(ctx, write{table: "oauth_clients", rows: []string{rowKey(c.Organization, c.ID)}, want: 1, miss: errStale,
		sql: "DELETE FROM oauth_clients WHERE organization_id = ? AND id = ? AND version = ?", args: []any{c.Organization, c.ID, c.Version}})
}
