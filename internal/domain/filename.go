package domain

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxFileName is how many characters and bytes a file's name keeps.
const maxFileName, maxFileNameBytes = 120, 240

// CleanFileName makes a name safe to show and to save under: the last part of a
// path, without what cannot be seen or turns the text around, nor what a file
// system takes for something else, nor card data. A name of which nothing is left becomes "file".
func CleanFileName(name string) string {
	name = MaskCards(strings.ToValidUTF8(name, "\uFFFD"))
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`<>:"|?*`, r):
			return '_'
		case unicode.IsSpace(r):
			return ' '
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp):
			return -1
		}
		return r
	}, name)
	name = shorten(strings.Trim(name, ". "))
	if name == "" {
		return "file"
	}
	if stem, _, _ := strings.Cut(name, "."); device(stem) {
		return "_" + name
	}
	return name
}

// shorten cuts a name before its extension.
func shorten(name string) string {
	extension := path.Ext(name)
	if utf8.RuneCountInString(extension) > 16 {
		extension = ""
	}
	stem := []rune(strings.TrimSuffix(name, extension))
	for len(stem) > 0 && (len(stem) > maxFileName || len(string(stem))+len(extension) > maxFileNameBytes) {
		stem = stem[:len(stem)-1]
	}
	return string(stem) + extension
}

// device tells the names that Windows keeps for devices.
func device(stem string) bool {
	stem = strings.ToUpper(strings.TrimRight(stem, " "))
	switch stem {
	case "CON", "PRN", "AUX", "NUL":
		return true
	}
	return len(stem) == 4 && (strings.HasPrefix(stem, "COM") || strings.HasPrefix(stem, "LPT")) && stem[3] >= '0' && stem[3] <= '9'
}

// MediaKind is how people speak of a content type: image, audio, video or file.
func MediaKind(contentType string) string {
	kind, _, _ := strings.Cut(contentType, "/")
	switch {
	case contentType == "image/svg+xml":
		return "file"
	case kind == "image" || kind == "audio" || kind == "video":
		return kind
	}
	return "file"
}
