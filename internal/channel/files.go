package channel

import (
	"slices"
	"strings"

	"github.com/parley-cx/parley/internal/domain"
)

// MaxFileSize is the largest file that is taken in, whatever it is for.
const MaxFileSize = 100 << 20

// FileRule is what a platform takes of files; its zero value takes none.
type FileRule struct {
	MaxSize int64            // bytes
	Smaller map[string]int64 // a lower limit by kind: image, audio, video or file
	Images  []string         // the types that go as pictures, all where it is empty; others go as files
	Plays   []string         // the types that go as sound or as moving pictures, likewise
	Refused []string         // types that are not taken at all
	Only    []string         // the only types that are taken; all but those refused where it is empty
}

// programs are the types that no customer should get from an agent.
func programs() []string {
	return []string{"application/vnd.microsoft.portable-executable", "application/x-msdownload", "application/x-msi", "application/x-ms-installer",
		"application/x-executable", "application/x-elf", "application/x-object", "application/x-sharedlib", "application/x-mach-binary",
		"application/java-archive", "application/x-java-applet", "application/x-sh", "text/x-shellscript", "application/hta", "text/html",
		"application/xhtml+xml"}
}

// None tells whether the platform takes no files.
func (r FileRule) None() bool { return r.MaxSize == 0 }

// Kind says how the platform is told of a file: image, audio, video or file.
func (r FileRule) Kind(contentType string) string {
	kind := domain.MediaKind(contentType)
	only := r.Plays
	if kind == "image" {
		only = r.Images
	}
	if len(only) > 0 && !slices.Contains(only, contentType) {
		return "file"
	}
	return kind
}

// Takes tells whether the platform takes a type at all.
func (r FileRule) Takes(contentType string) bool {
	contentType = strings.ToLower(contentType)
	return !r.None() && !slices.Contains(r.Refused, contentType) && (len(r.Only) == 0 || slices.Contains(r.Only, contentType))
}

// Limit is how large a file of a type may be.
func (r FileRule) Limit(contentType string) int64 {
	if lower, ok := r.Smaller[r.Kind(contentType)]; ok {
		return lower
	}
	return r.MaxSize
}
