package attach

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/parley-cx/parley/internal/channel"
	"github.com/parley-cx/parley/internal/domain"
)

const (
	// maxTries is how often a platform is asked for a file.
	maxTries = 6
	// firstWait is the wait before the second try; it doubles with each.
	firstWait = 5 * time.Second
	// maxRedirects is how many other places a platform may send us to.
	maxRedirects = 3
	// mediaLife is how long a platform keeps what it gives out by an id; until then the
	// account may get a new token, after which is looked from time to time.
	mediaLife = 7 * 24 * time.Hour
	tokenWait = 10 * time.Minute
)

// fetch gets a customer's file from the platform. What will be the same again is
// given up at once; what may be different is tried again.
func (k Keeper) fetch(ctx context.Context, f domain.File, now time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	kept, fault, err := k.download(ctx, f)
	record := context.WithoutCancel(ctx)
	switch {
	case domain.IsKind(err, domain.ErrorUnavailable): // our own store; the file is not at fault
		return k.again(record, f, now)
	case fault == "" && err == nil:
		_, err = k.tell(record, f, now, func(current domain.File) domain.File { return current.Keep(kept.ContentType, kept.Size, kept.SHA256) })
		k.discard(record, f)
	case errors.Is(err, errToken) && now.Before(f.CreatedAt.Add(mediaLife)):
		return k.change(record, f, func(current domain.File) domain.File { return current.Retry(now.Add(tokenWait)) })
	case fault == "" && f.Tries+1 < maxTries:
		return k.again(record, f, now)
	case fault == "":
		fault = domain.FaultUnreachable
		fallthrough
	default:
		_, err = k.tell(record, f, now, func(current domain.File) domain.File { return current.Reject(fault) })
	}
	return err
}

// again plans the next try.
func (k Keeper) again(ctx context.Context, f domain.File, now time.Time) error {
	return k.change(ctx, f, func(current domain.File) domain.File {
		wait := firstWait << current.Tries
		current.Tries++
		return current.Retry(now.Add(min(wait, 5*time.Minute)))
	})
}

// download puts the platform's bytes into the store. A fault is for good; an
// error without one may pass.
func (k Keeper) download(ctx context.Context, f domain.File) (kept domain.File, fault domain.FileFault, err error) {
	body, said, fault, err := k.open(ctx, f)
	if err != nil || fault != "" {
		return f, fault, err
	}
	defer body.Close()
	if said.Size > channel.MaxFileSize {
		return f, domain.FaultTooLarge, nil
	}
	if said.ContentType, err = mediaType(said.ContentType); err != nil {
		said.ContentType = unknownType // what the bytes are decides
	}
	kept, err = k.put(ctx, f, body, said)
	switch {
	case domain.IsKind(err, domain.ErrorTooLarge):
		return f, domain.FaultTooLarge, nil
	case cutOff(err):
		return f, "", errStatus
	case domain.IsKind(err, domain.ErrorInvalid):
		return f, domain.FaultType, nil
	case err != nil:
		return f, "", err
	}
	return kept, "", nil
}

// cutOff tells bytes that are not those of which the platform spoke.
func cutOff(err error) bool {
	var reason *domain.Error
	return errors.As(err, &reason) && (reason.Code == "attachment.size_mismatch" || reason.Code == "attachment.digest_mismatch")
}

// open finds the platform's bytes: behind a link, or where the platform gives them
// out by an id, to the account alone.
func (k Keeper) open(ctx context.Context, f domain.File) (body io.ReadCloser, said Announced, fault domain.FileFault, err error) {
	if id, byID := strings.CutPrefix(f.Source, domain.MediaScheme); byID {
		return k.openMedia(ctx, f, id)
	}
	response, fault, err := k.ask(ctx, f.Source)
	if err != nil || fault != "" {
		return nil, said, fault, err
	}
	switch {
	case response.StatusCode == http.StatusTooManyRequests || response.StatusCode >= 500:
		err = errStatus
	case response.StatusCode != http.StatusOK:
		fault = domain.FaultUnreachable
	default:
		return response.Body, Announced{ContentType: response.Header.Get("Content-Type"), Size: max(response.ContentLength, 0)}, "", nil
	}
	_ = response.Body.Close()
	return nil, said, fault, err
}

func (k Keeper) openMedia(ctx context.Context, f domain.File, id string) (body io.ReadCloser, said Announced, fault domain.FileFault, err error) {
	media, r, err := k.Media(ctx, f, id)
	switch {
	case err != nil:
		return nil, said, "", err
	case r.Outcome == channel.OutcomeAccepted:
		return media.Body, Announced{ContentType: media.ContentType, Size: media.Size, SHA256: media.SHA256}, "", nil
	case r.Outcome == channel.OutcomeRejected:
		return nil, said, domain.FaultUnreachable, nil
	case r.Outcome == channel.OutcomeUnauthorized:
		return nil, said, "", errToken
	}
	return nil, said, "", errStatus
}

// ask follows a link for a few steps. Each one is judged like the first, before
// it is taken and again when it is dialled; nothing of ours goes along.
func (k Keeper) ask(ctx context.Context, link string) (*http.Response, domain.FileFault, error) {
	for range maxRedirects + 1 {
		if k.CheckURL(link) != nil {
			return nil, domain.FaultForbidden, nil
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
		if err != nil {
			return nil, domain.FaultForbidden, nil
		}
		request.Header.Set("Accept", "*/*")
		response, err := k.Client.Do(request)
		if err != nil {
			if k.Refused(err) {
				return nil, domain.FaultForbidden, nil
			}
			return nil, "", err
		}
		next := response.Header.Get("Location")
		if response.StatusCode < 300 || response.StatusCode > 399 || next == "" {
			return response, "", nil
		}
		_, _ = io.CopyN(io.Discard, response.Body, 4<<10)
		_ = response.Body.Close()
		if link, err = resolve(link, next); err != nil {
			return nil, domain.FaultForbidden, nil
		}
	}
	return nil, domain.FaultUnreachable, nil
}

func resolve(base, next string) (string, error) {
	from, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	to, err := from.Parse(next)
	if err != nil {
		return "", err
	}
	return to.String(), nil
}

// errToken is an account whose token no longer works.
var errToken = errors.New("attach: the account's credentials do not work")

// errStatus is a platform that cannot serve the file now.
var errStatus = errors.New("attach: the platform cannot serve the file now")
