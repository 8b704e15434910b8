package archtest

import (
	"go/ast"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/parley-cx/parley/api"
	parley "github.com/parley-cx/parley/internal/domain"
)

// word says which of the contract's enums a type of the domain is spelled like.
// All values of the domain are in the contract; where whole is set, and all of the
// contract's are in the domain. A type without schemas is never on the wire.
type word struct {
	schemas list
	whole   bool
}

func words() map[string]word {
	return map[string]word{
		"EventType": {list{"EventType"}, true}, "ActorType": {list{"ActorType"}, true},
		"Presence": {list{"Presence"}, true}, "RoutingStatus": {list{"RoutingStatus"}, true}, "ACWMode": {list{"AcwMode"}, true},
		"Feature": {list{"Feature"}, true}, "Charset": {list{"Charset"}, true}, "LibraryMode": {list{"LibraryMode"}, true},
		"Medium": {list{"Medium"}, true}, "OfferState": {list{"OfferState"}, true}, "Purpose": {list{"OfferPurpose"}, true}, "SegmentType": {list{"SegmentType"}, true}, "InactivityAction": {list{"InactivityAction"}, true}, "AgentLost": {list{"AgentLost"}, true}, "WrapUpState": {list{"WrapUpState"}, true},
		"TransferMode": {list{"TransferMode"}, true}, "TargetType": {list{"TargetType"}, true}, "TransferState": {list{"TransferState"}, true}, "NoAnswer": {list{"AgentNoAnswer"}, true},
		"ReplyStatus": {list{"ReplyStatus"}, true}, "Action": {list{"InteractionAction", "ReplyAction"}, true},
		"Direction": {list{"Direction"}, true}, "Visibility": {list{"Visibility"}, true}, "MessageKind": {list{"MessageKind"}, true},
		"Platform": {list{"Platform"}, true}, "ChannelKind": {list{"ChannelKind"}, true}, "ChannelStatus": {list{"ChannelStatus"}, true},
		"Tombstone":     {list{"Tombstone"}, true},
		"Omission":      {list{"Omission"}, true},
		"ScoringMethod": {list{"ScoringMethod"}, true}, "RoutingReason": {list{"RoutingReason"}, true}, "SkillEvaluation": {list{"SkillEvaluation"}, true},
		"ConferenceState": {list{"ConferenceState"}, true}, "ConferenceOutcome": {list{"ConferenceEnd"}, true}, "CardData": {list{"CardData"}, true},
		"ClosedAction": {list{"ClosedAction"}, true}, "Weekday": {list{"Weekday"}, true},
		// The contract names what later rounds bring.
		"InteractionState": {list{"InteractionState"}, false}, "ParticipantState": {list{"ParticipantState"}, false},
		"DisconnectType": {list{"DisconnectType"}, false}, "Origin": {list{"InteractionOrigin"}, false}, "SenderType": {list{"SenderType"}, false},
		// Checked by tests of their own, below.
		"FailureCode": {}, "Scope": {}, "Sentence": {},
		"FileState": {list{"AttachmentState"}, true}, "PostState": {list{"OriginalPostState"}, true}, "FileFault": {list{"AttachmentFault"}, true},
		// Our own.
		"Story": {}, "FileOrigin": {}, "TransferMove": {}, "ErrorKind": {}, "InboxState": {}, "InteractionMove": {}, "OfferMove": {}, "ConferenceMove": {}, "ParticipantMove": {}, "WrapUpMove": {}, "WrapUpCodeID": {}, "AttemptState": {}, "DeliveryStage": {},
	}
}

func contract(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(api.SpecYAML)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// enum gives the values of a schema of the contract.
func enum(t *testing.T, doc *openapi3.T, name string) list {
	t.Helper()
	schema := doc.Components.Schemas[name]
	if schema == nil || len(schema.Value.Enum) == 0 {
		t.Fatalf("the contract has no enum %s", name)
	}
	var values list
	for _, v := range schema.Value.Enum {
		values = append(values, v.(string))
	}
	return values
}

// constants gives the values of the domain's typed string constants, by type.
func constants(t *testing.T) map[string]list {
	t.Helper()
	all := map[string]list{}
	for _, s := range tree(t, func(s source) bool { return s.folder == domain && !s.test }) {
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			kind, typed := spec.Type.(*ast.Ident)
			for _, v := range spec.Values {
				if literal, ok := v.(*ast.BasicLit); ok && typed {
					value, err := strconv.Unquote(literal.Value)
					if err != nil {
						t.Fatal(err)
					}
					all[kind.Name] = append(all[kind.Name], value)
				}
			}
			return true
		})
	}
	return all
}

func TestTheDomainSpeaksTheContract(t *testing.T) {
	t.Parallel()
	doc, found := contract(t), constants(t)
	for kind, w := range words() {
		if len(found[kind]) == 0 {
			t.Errorf("the domain has no constants of the type %s: take it out of words()", kind)
		}
		if len(w.schemas) == 0 {
			continue
		}
		var values list
		for _, name := range w.schemas {
			values = append(values, enum(t, doc, name)...)
		}
		for _, value := range found[kind] {
			if !slices.Contains(values, value) {
				t.Errorf("%s %q is not in the contract's %v", kind, value, w.schemas)
			}
		}
		for _, value := range values {
			if w.whole && !slices.Contains(found[kind], value) {
				t.Errorf("the contract's %q of %v is no %s of the domain", value, w.schemas, kind)
			}
		}
	}
	for kind := range found {
		if _, known := words()[kind]; !known {
			t.Errorf("say in words() which of the contract's enums the domain's %s is", kind)
		}
	}
}

func TestFailuresSpeakTheContract(t *testing.T) {
	t.Parallel()
	doc := contract(t)
	described := doc.Components.Schemas["ReplyError"].Value.Properties["code"].Value.Description
	if got := constants(t)["FailureCode"]; len(got) != len(parley.FailureCodes()) {
		t.Errorf("FailureCodes() leaves out some of %v", got)
	}
	for _, code := range parley.FailureCodes() {
		f := parley.FailureOf(code)
		if !strings.Contains(described, "`"+string(code)+"`") {
			t.Errorf("the contract does not describe %s", code)
		}
		for name, value := range map[string]string{"ErrorCategory": f.Category, "Retryability": f.Retryable, "Remedy": f.Remedy} {
			if !slices.Contains(enum(t, doc, name), value) {
				t.Errorf("%s: %q is not in the contract's %s", code, value, name)
			}
		}
	}
}

func TestScopesAreTheContracts(t *testing.T) {
	t.Parallel()
	declared := contract(t).Components.SecuritySchemes["bearer"].Value.Flows.ClientCredentials.Scopes
	scopes := constants(t)["Scope"]
	for _, s := range parley.DeskScopes() {
		scopes = append(scopes, string(s))
	}
	for _, s := range scopes {
		if declared[s] == "" {
			t.Errorf("the contract does not declare the scope %s", s)
		}
	}
}

// TestListsAreComplete compares the lists that the domain gives with its constants.
func TestListsAreComplete(t *testing.T) {
	t.Parallel()
	found := constants(t)
	compare := func(kind string, got list) {
		if want := found[kind]; !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
			t.Errorf("the list of every %s is %v, want %v", kind, got, want)
		}
	}
	compare("Presence", plain(parley.Presences()))
	compare("ReplyStatus", plain(parley.ReplyStatuses()))
	compare("InteractionState", plain(parley.InteractionStates()))
	compare("InteractionMove", plain(parley.InteractionMoves()))
}

func plain[T ~string](values []T) (texts list) {
	for _, v := range values {
		texts = append(texts, string(v))
	}
	return texts
}

// Every field of an event's data is described in the contract, and nothing else is.
func TestEventDataIsTheContracts(t *testing.T) {
	t.Parallel()
	described := contract(t).Components.Schemas["EventData"].Value.Properties
	var names list
	for _, f := range reflect.VisibleFields(reflect.TypeFor[parley.EventData]()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
		if described[name] == nil {
			t.Errorf("the contract's EventData has no %s", name)
		}
	}
	for name := range described {
		if !slices.Contains(names, name) {
			t.Errorf("the domain's EventData has no %s", name)
		}
	}
}

// TestF02EveryFeatureIsUsed holds the features of the domain, those that an
// organization shows and those of the contract's operations together. An operation
// without a token knows no organization.
func TestF02EveryFeatureIsUsed(t *testing.T) {
	t.Parallel()
	doc := contract(t)
	used := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method, o := range item.Operations() {
			feature, named := o.Extensions["x-feature"]
			if !named {
				continue
			}
			if name, ok := feature.(string); ok {
				used[name] = true
			}
			if len(*o.Security) == 0 || method == "GET" {
				t.Errorf("%s %s has the feature %v, but needs no token or only reads", method, path, feature)
			}
		}
	}
	known := slices.Sorted(slices.Values(enum(t, doc, "Feature")))
	for what, names := range map[string]list{
		"x-feature of operations":     slices.Sorted(maps.Keys(used)),
		"properties of FeaturesInput": slices.Sorted(maps.Keys(doc.Components.Schemas["FeaturesInput"].Value.Properties)),
		"properties of Features":      slices.Sorted(maps.Keys(doc.Components.Schemas["Features"].Value.Properties)),
	} {
		if !slices.Equal(names, known) {
			t.Errorf("%s: %q; the contract's Feature has %q", what, names, known)
		}
	}
	if n := len(parley.Features()); n != len(known) {
		t.Errorf("domain.Features lists %d of %d", n, len(known))
	}
}
