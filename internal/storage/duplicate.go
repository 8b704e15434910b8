package storage

import (
	"fmt"
	"strings"

	"github.com/parley-cx/parley/internal/domain"
)

// errDuplicate is a value that another row already holds.
var errDuplicate = &domain.Error{Kind: domain.ErrorConflict, Code: "resource.exists", Detail: "Another resource already has this value."}

// unique is an index that a client's own value can meet.
type unique struct {
	index, column, field, code string
	detail                     domain.Sentence
}

// taken says, of each unique index that a client's own value can meet, which
// field it was. PostgreSQL names the index, SQLite the columns.
func taken() []unique {
	return []unique{
		{"queues_by_external_id", "queues.external_id", "/external_id", "queue.external_id_taken", "Another queue has this external_id."},
		{"agents_by_external_id", "agents.external_id", "/external_id", "agent.external_id_taken", "Another agent has this external_id."},
		{"token_issuers_by_issuer", "token_issuers.issuer", "/issuer", "token_issuer.exists", "This issuer is trusted already, with the same audience."},
		{"agents_by_external_subject", "agents.external_subject", "/external_subject", "agent.external_subject_taken", "Another agent has this external_subject."},
		{"skills_by_external_id", "skills.external_id", "/external_id", "skill.external_id_taken", "Another skill has this external_id."},
		{"multimedia_profiles_by_external_id", "multimedia_profiles.external_id", "/external_id", "multimedia_profile.external_id_taken", "Another multimedia profile has this external_id."},
		{"wrap_up_codes_by_external_id", "wrap_up_codes.external_id", "/external_id", "wrap_up_code.external_id_taken", "Another wrap-up code has this external_id."},
		{"canned_response_libraries_by_external_id", "canned_response_libraries.external_id", "/external_id", "canned_response_library.external_id_taken", "Another library has this external_id."},
		{"canned_responses_by_external_id", "canned_responses.external_id", "/external_id", "canned_response.external_id_taken", "Another canned response has this external_id."},
		{"platform_apps_by_external_id", "platform_apps.external_id", "/external_id", "platform_app.external_id_taken", "Another platform app has this external_id."},
		{"channels_by_external_id", "channels.external_id", "/external_id", "channel.external_id_taken", "Another channel has this external_id."},
		{"channels_by_account", "channels.account_id", "/account_id", "channel.account_taken", "Another channel is connected to this account."},
	}
}

// duplicate describes a value that another row holds, by what the database says
// of the index that it met.
func duplicate(met string) error {
	for _, t := range taken() {
		if strings.Contains(met, t.index) || strings.Contains(met, t.column) {
			return &domain.Error{Kind: domain.ErrorConflict, Code: t.code, Detail: t.detail, Cause: errDuplicate,
				Fields: []domain.FieldError{{Pointer: t.field, Code: "taken", Detail: t.detail}}}
		}
	}
	return fmt.Errorf("%w: %s", errDuplicate, met)
}
