package attach

import (
	"crypto/hmac"
	"encoding/base64"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// Use is what a signed link is for; a link for one use opens nothing for another.
type Use string

const (
	// UseDownload: a platform gets the file of a reply.
	UseDownload Use = "attachment download"
	// UseUpload: a client sends the bytes that it announced.
	UseUpload Use = "attachment upload"
)

const (
	// uploadLife is how long a client has to begin to send what it announced.
	uploadLife = 15 * time.Minute
	// downloadLife outlives the sending of a reply by far: some platforms fetch
	// when the customer looks.
	downloadLife = 24 * time.Hour
)

// Links makes and checks signed links, by machine time: moving the sandbox's
// clock opens and closes none. A link is bound to the organization, the file, the
// use and its end.
type Links struct {
	Sign    func(purpose, value string) []byte // HMAC under a key that every node has
	Base    string                             // the public URL, without a slash at its end
	Machine func() time.Time
}

// Upload gives the link to which a file's bytes are sent, and when it ends.
func (l Links) Upload(f domain.File) (string, time.Time) {
	ends := l.Machine().Add(uploadLife).Truncate(time.Second)
	return l.Base + "/attachments/" + string(f.ID) + l.query(UseUpload, f, ends.Unix()), ends
}

// Download gives the link by which a platform gets the file of a message. While
// the message is being sent it is the same at each try, because some receivers
// are sent the same bytes again: it ends a whole number of days after the message
// was made, and never sooner than in half a day.
func (l Links) Download(f domain.File, m domain.Message) string {
	made := domain.Minted(m.ID)
	days := l.Machine().Add(downloadLife/2).Sub(made)/downloadLife + 1
	ends := made.Add(days * downloadLife).Unix()
	return l.Base + "/attachments/" + string(f.ID) + "/" + url.PathEscape(f.Name) + l.query(UseDownload, f, ends)
}

func (l Links) query(use Use, f domain.File, exp int64) string {
	return "?exp=" + strconv.FormatInt(exp, 10) + "&sig=" + base64.RawURLEncoding.EncodeToString(l.signature(use, f, exp))
}

func (l Links) signature(use Use, f domain.File, exp int64) []byte {
	return l.Sign(string(use), fmt.Sprintf("%s/%s/%d", f.Organization, f.ID, exp))
}

// check refuses a link that was not given out, whatever it says, and only then
// one whose time is over. It takes as long for a file that does not exist.
func (l Links) check(use Use, f domain.File, exp int64, sig string) error {
	given, err := base64.RawURLEncoding.DecodeString(sig)
	if !hmac.Equal(given, l.signature(use, f, exp)) || err != nil || f.ID == "" {
		return errForged
	}
	if l.Machine().Unix() >= exp {
		return errLapsed
	}
	return nil
}
