package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/parley-cx/parley/internal/attach"
	"github.com/parley-cx/parley/internal/blob"
	"github.com/parley-cx/parley/internal/egress"
	"github.com/parley-cx/parley/internal/secret"
)

// fetchTimeout bounds one request for a customer's file, with its body.
const fetchTimeout = 30 * time.Second

// bucketTimeout bounds the look at a bucket at the start.
const bucketTimeout = 15 * time.Second

// blobs opens the store of files: a folder, or a bucket where one is set.
func (a *app) blobs(ctx context.Context) (blob.Store, error) {
	folder := filepath.Join(a.config.DataDir, "attachments")
	if a.config.BlobURL == "" {
		return blob.NewFolder(folder, a.clock.Machine())
	}
	ctx, cancel := context.WithTimeout(ctx, bucketTimeout)
	defer cancel()
	key := blob.Credentials{ID: os.Getenv("AWS_ACCESS_KEY_ID"), Secret: os.Getenv("AWS_SECRET_ACCESS_KEY")}
	return blob.NewBucket(ctx, string(a.config.BlobURL), key, filepath.Join(folder, "unfinished"))
}

// files puts together what looks after attachments.
func (a *app) files(ctx context.Context, network egress.Policy, wake func()) (*attach.Files, error) {
	blobs, err := a.blobs(ctx)
	if err != nil {
		return nil, err
	}
	a.links = attach.Links{Sign: a.sealer.Hash, Base: a.url, Machine: a.clock.Machine}
	return &attach.Files{Store: a.store, Blobs: blobs, Links: a.links,
		Client: network.Client(fetchTimeout), CheckURL: network.CheckURL, Refused: refused, NewKey: newBlobKey,
		Unused: a.config.UnusedAttachments, Now: a.clock.Now, Machine: a.clock.Machine, Wake: wake, Log: a.log}, nil
}

// newBlobKey makes a name for bytes that nobody can guess.
func newBlobKey() string { return secret.Random(24) }

// refused tells whether our own rules for the network stopped a request.
func refused(err error) bool {
	var reason egress.Refusal
	return errors.As(err, &reason)
}
