// Package migrations embeds the schema, one folder per dialect, so that the
// binary can bring a database up to date by itself. A migration expands first;
// what an older binary still reads is removed a version later.
package migrations

import "embed"

// Files holds the migrations below "postgres" and "sqlite".
//
//go:embed postgres/*.sql sqlite/*.sql
var Files embed.FS
