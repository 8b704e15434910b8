package channel

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// MarkdownTable is the matrix as README.md shows it.
func MarkdownTable() string {
	var out strings.Builder
	out.WriteString("| `kind` | private text | public text | may be answered | files | customers' files | told of replies |\n|---|---|---|---|---|---|---|\n")
	matrix := Capabilities()
	for _, kind := range slices.Sorted(maps.Keys(matrix)) {
		row := matrix[kind]
		public := "–"
		if row.Public() {
			public = row.In("public").limit()
		}
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s | %s | %s | %s |\n", kind, row.limit(), public, row.answered(), row.carried(), row.kept(), row.told())
	}
	return out.String()
}

// limit says how long a text may be.
func (c Capability) limit() string {
	counting := c.Counting
	if counting == "" {
		counting = CountCharacters
	}
	return fmt.Sprintf("%d %s", c.TextLimit, counting)
}

// answered says for how long a customer may be answered in private.
func (c Capability) answered() string {
	var times []string
	if c.Window > 0 {
		times = append(times, hours(c.Window))
	}
	if c.HumanWindow > c.Window {
		times = append(times, hours(c.HumanWindow)+" by a person")
	}
	if c.Templates {
		times = append(times, "then by a template")
	}
	if c.Posts.FirstWord > 0 {
		times = append(times, "a public message once, for "+hours(c.Posts.FirstWord))
	}
	if len(times) == 0 {
		return "always"
	}
	return strings.Join(times, ", ")
}

// hours writes a time as people say it.
func hours(d time.Duration) string {
	if d > day && d%day == 0 {
		return fmt.Sprintf("%d days", d/day)
	}
	return fmt.Sprintf("%d h", d/time.Hour)
}

// carried says how large files may be.
func (c Capability) carried() string {
	if !c.Public() {
		return c.sized()
	}
	return c.sized() + "; in public " + c.In("public").sized()
}

func (c Capability) sized() string {
	if c.Files.None() {
		return "none"
	}
	sizes := []string{fmt.Sprintf("%d MiB", c.Files.MaxSize>>20)}
	for _, kind := range slices.Sorted(maps.Keys(c.Files.Smaller)) {
		sizes = append(sizes, fmt.Sprintf("%s %d MiB", kind, c.Files.Smaller[kind]>>20))
	}
	return strings.Join(sizes, ", ")
}

// kept says what becomes of the files that customers send.
func (c Capability) kept() string {
	if c.StoreMedia {
		return "stored"
	}
	return "link only"
}

// told says what the platform tells of replies.
func (c Capability) told() string {
	var told []string
	for _, kind := range []EventKind{EventSent, EventPending, EventDelivered, EventRead, EventFailed} {
		if slices.Contains(c.Reports, kind) {
			told = append(told, string(kind))
		}
	}
	if len(told) == 0 {
		return "their echo"
	}
	return strings.Join(told, ", ")
}
