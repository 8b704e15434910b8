// Package api is the contract in Go: the types of every body and parameter, the
// echo routes, the strict server interface that the handlers satisfy, and the
// contract itself. All of it is generated from openapi.yaml in the folder above
// by scripts/generate, except for this file and millis.go. It imports nothing of
// Parley's.
package api

import _ "embed" // for SpecYAML

//go:generate go tool oapi-codegen -config types.cfg.yaml ../openapi.yaml
//go:generate go tool oapi-codegen -config server.cfg.yaml ../openapi.yaml
//go:generate cp ../openapi.yaml openapi.yaml

// SpecYAML is openapi.yaml, byte for byte as it was written. Validation, scopes
// and GET /openapi.yaml all work from it.
//
//go:embed openapi.yaml
var SpecYAML []byte
