package domain

import "time"

// FileState is how far a file has come.
type FileState string

const (
	// FilePending: its bytes are awaited, from an upload or from the platform.
	FilePending FileState = "pending"
	// FileReady: its bytes are kept.
	FileReady FileState = "ready"
	// FileRejected: the platform's file could not be had, or may not be kept.
	FileRejected FileState = "rejected"
	// FileExpired: its time is over; the bytes are gone or about to go.
	FileExpired FileState = "expired"
	// FileLinked: the platform's terms let nobody keep it; there is its link alone.
	FileLinked FileState = "linked"
)

// FileOrigin says who the bytes come from.
type FileOrigin string

const (
	// FileUploaded: a client of ours sends them.
	FileUploaded FileOrigin = "upload"
	// FileReceived: they are at the platform, and belong to a customer's message.
	FileReceived FileOrigin = "platform"
)

// FileFault says why a platform's file was rejected.
type FileFault string

const (
	FaultUnreachable FileFault = "unreachable" // it could not be had, however often it was tried
	FaultForbidden   FileFault = "forbidden"   // its address leads where nothing may be fetched from
	FaultTooLarge    FileFault = "too_large"
	FaultType        FileFault = "type_not_allowed"
)

// File is a file that Parley keeps for an organization: an attachment in the
// API. Its bytes are in the blob store, under a key that nobody can guess. Due is
// when it needs looking after next: to be fetched, to expire, to be removed.
type File struct {
	ID           AttachmentID
	Organization OrganizationID
	Origin       FileOrigin
	State        FileState
	Name         string // cleaned; empty where there is none
	ContentType  string
	Size         int64  // as declared until the bytes are there
	SHA256       string // in hexadecimal, as declared until the bytes are there
	Key          string // in the blob store
	Source       string // the platform's link
	Fault        FileFault
	Interaction  *InteractionID // of the message that it came with
	Message      *MessageID
	ExpiresAt    *time.Time // business time; after it nobody gets the bytes
	Due          *time.Time // business time
	LeaseUntil   time.Time  // machine time
	Tries        int
	Erased       bool // for a reader it does not exist; its bytes are to be removed
	Version      int64
	CreatedAt    time.Time
}

// NewUpload begins a file that a client uploads. Until a reply carries it, it
// lasts for a while only.
func NewUpload(org OrganizationID, key string, now time.Time, unused time.Duration) File {
	expires := now.Add(unused)
	return File{ID: NewID[AttachmentID](), Organization: org, Origin: FileUploaded, State: FilePending, Key: key,
		ExpiresAt: &expires, Due: &expires, LeaseUntil: time.UnixMilli(0).UTC(), Version: 1, CreatedAt: now}
}

// NewReceived begins a file that a customer sent. Where the platform's terms
// allow it, it is to be fetched at once; elsewhere there is its link alone.
func NewReceived(m Message, a Attachment, key string, keep bool, now time.Time) File {
	f := File{ID: NewID[AttachmentID](), Organization: m.Organization, Origin: FileReceived, State: FileLinked, Name: a.Name, Key: key,
		Source: a.URL, Interaction: &m.Interaction, Message: &m.ID, ExpiresAt: a.ExpiresAt, Due: a.ExpiresAt,
		LeaseUntil: time.UnixMilli(0).UTC(), Version: 1, CreatedAt: now}
	if keep {
		f.State, f.Due = FilePending, &now
	}
	return f
}

// Filed makes files of what a message came with, where it is that and not a mere
// link; where the platform lets nobody keep anything, every link is one, so that it
// ends when it has to. The platform's address is sealed with the file, and no longer in
// the message.
func (m Message) Filed(newKey func() string, keep bool, now time.Time) (Message, []File) {
	var files []File
	named := make([]Attachment, len(m.Attachments))
	for n, a := range m.Attachments {
		if named[n] = a; !a.IsFile() && (keep || a.URL == "") {
			continue
		}
		if a.Name != "" {
			a.Name = CleanFileName(a.Name)
		}
		f := NewReceived(m, a, newKey(), keep, now)
		files, named[n] = append(files, f), Attachment{ID: f.ID, Type: a.Type}
	}
	if len(named) > 0 {
		m.Attachments = named
	}
	return m, files
}

// Expired tells whether the file's time is over, also before anybody noticed.
func (f File) Expired(now time.Time) bool {
	return f.State == FileExpired || f.ExpiresAt != nil && !now.Before(*f.ExpiresAt)
}

// Usable tells whether a reply can carry the file.
func (f File) Usable(now time.Time) bool {
	return f.Origin == FileUploaded && f.State == FileReady && !f.Expired(now)
}

// Keep makes the file ready: its bytes are in the blob store.
func (f File) Keep(contentType string, size int64, sha256 string) File {
	f.State, f.ContentType, f.Size, f.SHA256, f.Due, f.LeaseUntil = FileReady, contentType, size, sha256, f.ExpiresAt, time.UnixMilli(0).UTC()
	return f
}

// Use keeps the file for as long as the reply that carries it.
func (f File) Use() File {
	f.ExpiresAt, f.Due = nil, nil
	return f
}

// Reject gives the platform's file up.
func (f File) Reject(fault FileFault) File {
	f.State, f.Fault, f.Due, f.LeaseUntil = FileRejected, fault, f.ExpiresAt, time.UnixMilli(0).UTC()
	return f
}

// Expire ends the file's time: from now on nothing is told of it but that it
// was. Its bytes are to be removed at once.
func (f File) Expire(now time.Time) File {
	f.State, f.Name, f.Source, f.SHA256, f.Due, f.LeaseUntil = FileExpired, "", "", "", &now, time.UnixMilli(0).UTC()
	return f
}

// Erase takes the file away from everybody at once.
func (f File) Erase(now time.Time) File {
	f = f.Expire(now)
	f.Erased = true
	return f
}

// Removed notes that the bytes are gone.
func (f File) Removed() File {
	f.Key, f.Due = "", nil
	return f
}

// Retry plans the next try to fetch the file, unless its time is over before.
func (f File) Retry(at time.Time) File {
	if f.ExpiresAt != nil && f.ExpiresAt.Before(at) {
		at = *f.ExpiresAt
	}
	f.Due, f.LeaseUntil = &at, time.UnixMilli(0).UTC()
	return f
}

// Event tells of the file's new state, for a file of no interaction.
func (f File) Event(before FileState, actor Actor, now time.Time) Event {
	return Event{ID: NewID[EventID](), Organization: f.Organization, Type: f.event(), Time: now, Subject: string(f.ID), Actor: actor, Data: f.data(before)}
}

// Attached tells of the new state of a file that a message of the interaction
// came with.
func (i Interaction) Attached(f File, before FileState, now time.Time) (Interaction, Event) {
	e := i.emitFor(f.event(), string(f.ID), System(), now, f.data(before))
	return i, e
}

func (f File) event() EventType { return EventType("attachment." + string(f.State)) }

func (f File) data(before FileState) EventData {
	data := EventData{AttachmentID: string(f.ID), Before: string(before), After: string(f.State)}
	if f.State == FileRejected {
		data.Reason = string(f.Fault)
	}
	if f.Message != nil {
		data.MessageID = string(*f.Message)
	}
	return data
}
