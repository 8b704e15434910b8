package httpapi

import (
	"context"
	"reflect"

	"github.com/parley-cx/parley/internal/domain"
	"github.com/parley-cx/parley/internal/storage"
)

// upserting says how one kind of resource is made or replaced by its external id.
type upserting[T any] struct {
	table    string
	external string
	list     func(context.Context, domain.OrganizationID, storage.Find, storage.Page) ([]T, *string, error)
	lock     func(context.Context, T) (T, error) // nil where the version is lock enough
	fresh    T
	change   func(context.Context, T) (T, error) // puts the body over it
	create   func(context.Context, T) error
	save     func(ctx context.Context, before T, v *T) error
}

// upsert makes what has no resource yet, or replaces the resource that is there.
// Where nothing differs nothing is written. Of two at once, one makes it and the
// other finds it made.
func upsert[T any](ctx context.Context, s *Server, u upserting[T]) (v T, made bool, err error) {
	err = s.write(ctx, func(ctx context.Context) error {
		org := principal(ctx).Organization
		if err := s.Store.LockName(ctx, org, u.table, u.external); err != nil {
			return err
		}
		there, _, err := u.list(ctx, org, storage.Find{ExternalID: u.external}, storage.Page{Limit: 1})
		if err != nil {
			return err
		}
		if made = len(there) == 0; made {
			if v, err = u.change(ctx, u.fresh); err != nil {
				return err
			}
			return u.create(ctx, v)
		}
		v, err = u.replace(ctx, there[0])
		return err
	})
	return v, made, err
}

// replace puts the body over a resource that is there.
func (u upserting[T]) replace(ctx context.Context, before T) (v T, err error) {
	if u.lock != nil {
		if before, err = u.lock(ctx, before); err != nil {
			return v, err
		}
	}
	if v, err = u.change(ctx, before); err != nil || reflect.DeepEqual(v, before) {
		return v, err
	}
	return v, u.save(ctx, before, &v)
}

// named gives a body the external id of its path; another one in it is refused.
func named(inBody **string, inPath string) error {
	if *inBody != nil && **inBody != inPath {
		return domain.Invalid("/external_id", "external_id.mismatch", "The external_id differs from the one of the path. Leave it out, or give the same.")
	}
	*inBody = &inPath
	return nil
}

// find reads the filters that lists of configuration have in common.
func find(part, name, external string) storage.Find {
	return storage.Find{Part: part, Name: name, ExternalID: external}
}
