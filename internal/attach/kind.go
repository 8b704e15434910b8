package attach

import (
	"mime"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"github.com/parley-cx/parley/internal/domain"
)

// unknownType is the type of bytes of which nobody said what they are.
const unknownType = "application/octet-stream"

// mediaType reads a declared content type, without its parameters.
func mediaType(declared string) (string, error) {
	if declared == "" {
		return unknownType, nil
	}
	kind, _, err := mime.ParseMediaType(declared)
	major, minor, two := strings.Cut(kind, "/")
	if err != nil || !two || major == "" || minor == "" || major == "multipart" {
		return "", domain.Invalid("/content_type", "attachment.content_type_invalid", "The content type is not one, such as image/png.")
	}
	switch kind {
	case "image/jpg", "image/pjpeg":
		return "image/jpeg", nil
	}
	return kind, nil
}

// agree compares what was declared with what the first bytes look like, and
// gives the type that the file is known by from now on: the declared one, where
// the bytes can be that.
func agree(declared string, head []byte) (string, error) {
	seen := mimetype.Detect(head)
	found, _, _ := mime.ParseMediaType(seen.String())
	if declared == unknownType || declared == "" {
		return found, nil
	}
	if seen.Is(declared) || descends(seen, declared) || descends(mimetype.Lookup(declared), found) && found != unknownType ||
		sameFamily(declared, found) || plain(found) && !telling(declared) {
		return declared, nil
	}
	return "", domain.Invalid("", "attachment.type_mismatch", "The bytes are not of the content type that was declared.")
}

// descends tells whether a type is a special case of another: a document of a zip archive.
func descends(special *mimetype.MIME, general string) bool {
	for ; special != nil; special = special.Parent() {
		if special.Is(general) {
			return true
		}
	}
	return false
}

// sameFamily knows the containers that hold sound as well as pictures.
func sameFamily(declared, found string) bool {
	a, kind, _ := strings.Cut(declared, "/")
	b, other, _ := strings.Cut(found, "/")
	moving := func(s string) bool { return s == "audio" || s == "video" }
	return moving(a) && moving(b) && (kind == other || other == "mp4" || kind == "mp4")
}

// plain tells the types that say nothing about what the bytes are for.
func plain(found string) bool {
	return found == unknownType || found == "text/plain" || found == "application/zip"
}

// telling tells the types whose bytes can be known: what is declared as one and
// does not look like it is something else.
func telling(declared string) bool {
	major, _, _ := strings.Cut(declared, "/")
	return major == "image" || major == "audio" || major == "video" || mimetype.Lookup(declared) != nil
}
