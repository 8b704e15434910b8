package main

import (
	"context"
	"errors"

	"github.com/parley-cx/parley/internal/auth"
	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/secret"
	"github.com/parley-cx/parley/internal/storage"
)

// bootstrap makes what an empty database needs: a key that signs tokens, and,
// where a bootstrap client is configured, the organization "default" with that
// client. Several nodes may start at once.
func (a *app) bootstrap(ctx context.Context) (*auth.Keys, error) {
	err := a.store.InTx(ctx, func(ctx context.Context) error {
		if err := a.store.LockSetup(ctx); err != nil {
			return err
		}
		stored, err := a.store.SigningKeys(ctx)
		if err != nil {
			return err
		}
		if len(stored) == 0 {
			if err := a.store.SaveSigningKey(ctx, storage.SigningKey(auth.NewKey(a.clock.Machine()))); err != nil {
				return err
			}
		}
		return a.bootstrapClient(ctx)
	})
	if errors.Is(err, secret.ErrWrongKey) {
		return nil, errors.New("the sealing key is not the one with which this database was sealed: set PARLEY_SEALING_KEY, or put sealing.key back into PARLEY_DATA_DIR")
	}
	if err != nil {
		return nil, err
	}
	stored, err := a.store.SigningKeys(ctx)
	if err != nil {
		return nil, err
	}
	keys := make([]auth.SigningKey, len(stored))
	for i, k := range stored {
		keys[i] = auth.SigningKey(k)
	}
	return auth.NewKeys(keys)
}

// bootstrapClient makes the first client, with every scope. One that exists gets
// the scopes that a newer version added.
func (a *app) bootstrapClient(ctx context.Context) error {
	id := domain.ClientID(a.config.BootstrapClientID)
	if id == "" {
		return nil
	}
	existing, err := a.store.ClientByID(ctx, id)
	if err == nil {
		existing.Scopes = a.scopes
		return a.store.SaveClient(ctx, &existing)
	}
	if !domain.IsKind(err, domain.ErrorNotFound) {
		return err
	}
	org, err := a.organization(ctx, "default")
	if err != nil {
		return err
	}
	return a.store.CreateClient(ctx, domain.Client{ID: id, Organization: org.ID, Name: "Bootstrap", Scopes: a.scopes, AllowedOrigins: []string{},
		SecretHash: a.hash(string(a.config.BootstrapClientSecret)), Version: 1, CreatedAt: a.clock.Now()})
}

// organization finds an organization by name, or makes it.
func (a *app) organization(ctx context.Context, name string) (domain.Organization, error) {
	org, found, err := a.store.OrganizationNamed(ctx, name)
	if err != nil || found {
		return org, err
	}
	org = domain.Organization{ID: domain.NewID[domain.OrganizationID](), Name: name, AllowedOrigins: []string{}, OnAgentLost: domain.AgentLostRequeue, Version: 1, CreatedAt: a.clock.Now()}
	return org, a.store.CreateOrganization(ctx, org)
}
