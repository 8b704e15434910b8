// Package attach looks after files: it takes those that agents upload, fetches
// those that customers sent, hands them out by signed links, and ends them when
// their time is over. Bytes go straight to the blob store, are counted, looked at
// and hashed on the way, and are there before the database says so. No transaction
// waits for a byte.
package attach

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

// Store is what files need of the database.
type Store interface {
	InTx(ctx context.Context, fn func(context.Context) error) error
	After(ctx context.Context, f func())
	Append(ctx context.Context, events ...domain.Event) error
	LockInteraction(ctx context.Context, org domain.OrganizationID, i domain.InteractionID) (domain.Interaction, error)
	SaveInteraction(ctx context.Context, i *domain.Interaction) error
	Rows
}

// Rows is where it is written down what files there are.
type Rows interface {
	CreateFiles(ctx context.Context, files ...domain.File) error
	SaveFile(ctx context.Context, f *domain.File) error
	DeleteFile(ctx context.Context, f domain.File) error
	File(ctx context.Context, org domain.OrganizationID, file domain.AttachmentID) (domain.File, error)
	FileByID(ctx context.Context, file domain.AttachmentID) (domain.File, error)
	ClaimFiles(ctx context.Context, now, machine time.Time, limit int) ([]domain.File, error)
	NextFile(ctx context.Context, now time.Time) (time.Time, error)
}

// Blobs is where the bytes are. When Put returns, they survive a crash; when what
// it reads fails, nothing is kept.
type Blobs interface {
	Put(ctx context.Context, key string, r io.Reader) error
	Open(ctx context.Context, key string, from, length int64) (io.ReadCloser, error)
	Delete(ctx context.Context, key string) error
}

// Files looks after files.
type Files struct {
	Store    Store
	Blobs    Blobs
	Links    Links
	Client   *http.Client                                                                      // reaches only what may be reached, and follows nothing
	Media    func(context.Context, domain.File, string) (channel.Media, channel.Result, error) // opens what a platform gives out by an id
	CheckURL func(string) error                                                                // what of a link is refused before it is asked
	Refused  func(error) bool                                                                  // whether it was the network's own rules that stopped a request
	NewKey   func() string                                                                     // a name for bytes that nobody can guess
	Unused   time.Duration                                                                     // business time after which a file that no reply carries ends
	Now      func() time.Time                                                                  // business time
	Machine  func() time.Time
	Wake     func() // a file is due
	Log      *slog.Logger
}

// reserved is how long bytes may be under way before they count as abandoned.
const reserved = time.Hour

// Announced is a file as its sender describes it.
type Announced struct {
	Name        string
	ContentType string
	Size        int64
	SHA256      string
}

// Announce writes down a file whose bytes are to come to its upload link.
func (f *Files) Announce(ctx context.Context, by domain.Principal, a Announced) (domain.File, error) {
	kind, err := mediaType(a.ContentType)
	if err != nil {
		return domain.File{}, err
	}
	file := domain.NewUpload(by.Organization, f.NewKey(), f.Now(), f.Unused)
	file.Name, file.ContentType, file.Size, file.SHA256 = domain.CleanFileName(a.Name), kind, a.Size, a.SHA256
	return file, f.Store.InTx(ctx, func(ctx context.Context) error { return f.Store.CreateFiles(ctx, file) })
}

// Receive puts a file's bytes into the store. Accept makes an attachment of it;
// until then, and for ever after Drop, it does not exist for anybody, and a crash
// leaves nothing behind that is not cleared away.
func (f *Files) Receive(ctx context.Context, by domain.Principal, name, contentType string, body io.Reader) (domain.File, error) {
	kind, err := mediaType(contentType)
	if err != nil {
		return domain.File{}, err
	}
	file := domain.NewUpload(by.Organization, f.NewKey(), f.Now(), reserved)
	file.Name, file.ContentType = domain.CleanFileName(name), kind
	if err := f.Store.InTx(ctx, func(ctx context.Context) error { return f.Store.CreateFiles(ctx, file) }); err != nil {
		return file, err
	}
	kept, err := f.put(ctx, file, body, Announced{ContentType: kind})
	if err != nil {
		f.Drop(ctx, file)
	}
	return kept, err
}

// Inspect makes the checks of Receive, and keeps nothing.
func (f *Files) Inspect(_ context.Context, by domain.Principal, name, contentType string, body io.Reader) (domain.File, error) {
	kind, err := mediaType(contentType)
	if err != nil {
		return domain.File{}, err
	}
	file := domain.NewUpload(by.Organization, "", f.Now(), reserved)
	file.Name = domain.CleanFileName(name)
	gauge := newGauge(body, channel.MaxFileSize, Announced{ContentType: kind})
	if _, err := io.Copy(io.Discard, gauge); err != nil {
		return file, gauge.cause(err)
	}
	return file.Keep(gauge.contentType, gauge.size, gauge.sum()), nil
}

// put writes bytes that must be what was announced, and gives the file as it is then.
func (f *Files) put(ctx context.Context, file domain.File, body io.Reader, want Announced) (domain.File, error) {
	gauge := newGauge(body, channel.MaxFileSize, want)
	if err := f.Blobs.Put(ctx, file.Key, gauge); err != nil {
		return file, gauge.cause(err)
	}
	return file.Keep(gauge.contentType, gauge.size, gauge.sum()), nil
}

// Accept makes an attachment of a file whose bytes are in the store.
func (f *Files) Accept(ctx context.Context, by domain.Principal, file domain.File) (domain.File, error) {
	now := f.Now()
	expires := now.Add(f.Unused)
	file.ExpiresAt, file.Due = &expires, &expires
	return file, f.Store.InTx(ctx, func(ctx context.Context) error {
		if err := f.Store.SaveFile(ctx, &file); err != nil {
			return err
		}
		return f.Store.Append(ctx, file.Event(domain.FilePending, by.Actor(), now))
	})
}

// Drop takes a file back that was received and not accepted. A caller who has
// gone away does not stop it.
func (f *Files) Drop(ctx context.Context, file domain.File) {
	err := f.Store.InTx(context.WithoutCancel(ctx), func(ctx context.Context) error {
		gone := file.Erase(f.Now())
		f.Store.After(ctx, f.Wake)
		return f.Store.SaveFile(ctx, &gone)
	})
	if err != nil {
		f.Log.WarnContext(ctx, "an upload that came to nothing is cleared away later", "attachment_id", file.ID, "error", err)
	}
}

// Fill takes the bytes of an announced file. The same bytes may come again.
func (f *Files) Fill(ctx context.Context, file domain.File, body io.Reader) (domain.File, error) {
	want := Announced{ContentType: file.ContentType, Size: file.Size, SHA256: file.SHA256}
	switch {
	case file.Expired(f.Now()):
		return file, errExpired
	case file.Origin != domain.FileUploaded:
		return file, errForged
	case file.State == domain.FileReady:
		gauge := newGauge(body, channel.MaxFileSize, want)
		_, err := io.Copy(io.Discard, gauge)
		return file, err
	}
	kept, err := f.put(ctx, file, body, want)
	if err != nil {
		return file, err
	}
	if err := f.fill(ctx, &kept); err != nil {
		f.discard(ctx, file)
		return file, err
	}
	return kept, nil
}

// discard removes bytes that came after their file's time was over. Whatever else
// kept them from being written down, the file still waits for them.
func (f *Files) discard(ctx context.Context, file domain.File) {
	ctx = context.WithoutCancel(ctx)
	current, err := f.Store.File(ctx, file.Organization, file.ID)
	if domain.IsKind(err, domain.ErrorNotFound) || err == nil && current.State == domain.FileExpired {
		if err := f.Blobs.Delete(ctx, file.Key); err != nil {
			f.Log.ErrorContext(ctx, "bytes of a file that is gone could not be removed", "attachment_id", file.ID, "error", err)
		}
	}
}

// fill writes down that an announced file is here; the other one of two equal
// uploads at once finds it done.
func (f *Files) fill(ctx context.Context, kept *domain.File) error {
	return f.Store.InTx(ctx, func(ctx context.Context) error {
		before, err := f.Store.File(ctx, kept.Organization, kept.ID)
		if err != nil || before.State == domain.FileReady {
			*kept = before
			return err
		}
		if before.Expired(f.Now()) {
			return errExpired
		}
		kept.Version = before.Version
		if err := f.Store.SaveFile(ctx, kept); err != nil {
			return err
		}
		return f.Store.Append(ctx, kept.Event(before.State, domain.Actor{Type: domain.ActorClient}, f.Now()))
	})
}

// Linked gives the file of a signed link: the same refusal for one that was
// forged and one that names nothing.
func (f *Files) Linked(ctx context.Context, use Use, file domain.AttachmentID, exp int64, sig string) (domain.File, error) {
	found, err := f.Store.FileByID(ctx, file)
	if err != nil && !domain.IsKind(err, domain.ErrorNotFound) {
		return found, err
	}
	if err := f.Links.check(use, found, exp, sig); err != nil {
		return found, err
	}
	return found, nil
}

// Open reads a part of a file's bytes, if it has any that may be read.
func (f *Files) Open(ctx context.Context, file domain.File, from, length int64) (io.ReadCloser, error) {
	if err := f.Readable(file); err != nil {
		return nil, err
	}
	body, err := f.Blobs.Open(ctx, file.Key, from, length)
	if err != nil {
		return nil, away(err)
	}
	return body, nil
}

// Readable tells why a file's bytes cannot be had; nil where they can.
func (f *Files) Readable(file domain.File) error {
	switch {
	case file.Expired(f.Now()):
		return errExpired
	case file.State == domain.FilePending:
		return &domain.Error{Kind: domain.ErrorConflict, Code: "attachment.not_ready", Detail: "The file is not here yet.", CurrentState: string(file.State)}
	case file.State != domain.FileReady:
		return &domain.Error{Kind: domain.ErrorConflict, Code: "attachment.not_kept", Detail: "The file is not kept here.", CurrentState: string(file.State)}
	}
	return nil
}

// away is a blob store that does not do what it must.
func away(err error) error {
	return &domain.Error{Kind: domain.ErrorUnavailable, Code: "attachment.store_unavailable",
		Detail: "The store of files cannot be reached. Send the request again.", Cause: err}
}

var (
	errExpired = &domain.Error{Kind: domain.ErrorGone, Code: "media.expired", Detail: "The file's time is over; it is no longer kept."}
	errForged  = &domain.Error{Kind: domain.ErrorForbidden, Code: "link.invalid", Detail: "The link is not right."}
	errLapsed  = &domain.Error{Kind: domain.ErrorGone, Code: "link.expired", Detail: "The link's time is over."}
)
