package storage

import (
	"context"

	"github.com/parley-cx/parley/internal/domain"
)

type tokenIssuerRow struct {
	OrganizationID    string `gorm:"primaryKey"`
	ID                string `gorm:"primaryKey"`
	Name              string
	Issuer            string
	Audience          string
	JWKSURL           string `gorm:"column:jwks_url"`
	Algorithms        string
	Scopes            string
	OrganizationClaim string
	ScopeClaim        *string
	AgentClaim        *string
	Version           int64
	CreatedAt         int64 `gorm:"<-:create"`
	UpdatedAt         int64
}

func (tokenIssuerRow) TableName() string { return "token_issuers" }

func toTokenIssuerRow(i domain.TokenIssuer) tokenIssuerRow {
	return tokenIssuerRow{OrganizationID: string(i.Organization), ID: string(i.ID), Name: i.Name, Issuer: i.Issuer, Audience: i.Audience,
		JWKSURL: i.JWKSURL, Algorithms: wordsDoc(i.Algorithms), Scopes: domain.Join(i.Scopes), OrganizationClaim: i.OrganizationClaim,
		ScopeClaim: i.ScopeClaim, AgentClaim: i.AgentClaim, Version: i.Version, CreatedAt: ms(i.CreatedAt), UpdatedAt: ms(i.UpdatedAt)}
}

func fromTokenIssuerRow(r tokenIssuerRow) domain.TokenIssuer {
	return domain.TokenIssuer{ID: domain.TokenIssuerID(r.ID), Organization: domain.OrganizationID(r.OrganizationID), Name: r.Name,
		Issuer: r.Issuer, Audience: r.Audience, JWKSURL: r.JWKSURL, Algorithms: fromDoc[[]string](r.Algorithms),
		Scopes: domain.ParseScopes(r.Scopes), OrganizationClaim: r.OrganizationClaim, ScopeClaim: r.ScopeClaim, AgentClaim: r.AgentClaim,
		Version: r.Version, CreatedAt: fromMS(r.CreatedAt), UpdatedAt: fromMS(r.UpdatedAt)}
}

// CreateTokenIssuer adds an issuer.
func (s *Store) CreateTokenIssuer(ctx context.Context, i domain.TokenIssuer) error {
	return insert(ctx, s, "", toTokenIssuerRow(i))
}

// SaveTokenIssuer writes an issuer that was read, one version up.
func (s *Store) SaveTokenIssuer(ctx context.Context, i *domain.TokenIssuer) error {
	return save(ctx, s, &i.Version, toTokenIssuerRow(*i))
}

// TokenIssuer gives one issuer.
func (s *Store) TokenIssuer(ctx context.Context, org domain.OrganizationID, issuer domain.TokenIssuerID) (domain.TokenIssuer, error) {
	r, err := one[tokenIssuerRow](s.db(ctx).Where("organization_id = ? AND id = ?", org, issuer), "token issuer")
	if err != nil {
		return domain.TokenIssuer{}, err
	}
	return fromTokenIssuerRow(r), nil
}

// TokenIssuers lists an organization's issuers.
func (s *Store) TokenIssuers(ctx context.Context, org domain.OrganizationID, p Page) ([]domain.TokenIssuer, *string, error) {
	rows, next, err := page(s.db(ctx).Where("organization_id = ?", org), p, func(r tokenIssuerRow) string { return r.ID })
	return each(rows, fromTokenIssuerRow), next, err
}

// EveryTokenIssuer lists the issuers of all organizations: whose a token is shows
// only in the token.
func (s *Store) EveryTokenIssuer(ctx context.Context) ([]domain.TokenIssuer, error) {
	rows, err := all[tokenIssuerRow](s.db(ctx).Order("issuer, organization_id, audience"))
	return each(rows, fromTokenIssuerRow), err
}

// DeleteTokenIssuer removes an issuer; its tokens stop working at once on this
// node, and within seconds on the others.
func (s *Store) DeleteTokenIssuer(ctx context.Context, i domain.TokenIssuer) error {
	return s.writeTo(ctx, write{table: "token_issuers", rows: []string{rowKey(i.Organization, i.ID)}, want: 1, miss: errStale,
		sql: "DELETE FROM token_issuers WHERE organization_id = ? AND id = ? AND version = ?", args: []any{i.Organization, i.ID, i.Version}})
}

// AgentBySubject finds an agent by what outside issuers call them.
func (s *Store) AgentBySubject(ctx context.Context, org domain.OrganizationID, subject string) (domain.Agent, error) {
	r, err := one[agentRow](s.living(ctx, org).Where("external_subject = ?", subject), "agent")
	if err != nil {
		return domain.Agent{}, err
	}
	return fromAgentRow(r), nil
}
