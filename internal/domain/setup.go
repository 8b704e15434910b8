package domain

import (
	"slices"
	"time"
)

// Organization is a customer of ours: nothing joins or locks across two of them.
type Organization struct {
	ID             OrganizationID
	Name           string
	AllowedOrigins []string  // from which browsers any of its tokens may be used
	Off            []Feature // what it does without; all else is on, also what comes later
	AgentGrace     *int      // seconds that an agent may be away before they are lost; nil, and nobody ever is
	OnAgentLost    AgentLost
	Version        int64
	CreatedAt      time.Time
}

// Feature is a part of the product that an organization can switch off.
type Feature string

// The features, spelled as in the contract.
const (
	FeatureAttachments      Feature = "attachments"
	FeatureOpenMessaging    Feature = "open_messaging"
	FeatureTypingIndicators Feature = "typing_indicators"
)

// Features lists every feature.
func Features() []Feature {
	return []Feature{FeatureAttachments, FeatureOpenMessaging, FeatureTypingIndicators}
}

// Switch turns features on and off by name; what is not named stays as it is.
func (o *Organization) Switch(on map[string]bool) {
	var off []Feature
	for _, f := range Features() {
		if wanted, named := on[string(f)]; named && !wanted || !named && slices.Contains(o.Off, f) {
			off = append(off, f)
		}
	}
	o.Off = off
}

// Lacks tells whether the organization has switched a feature off.
func (o Organization) Lacks(f Feature) bool { return slices.Contains(o.Off, f) }

// NotEnabled refuses what an organization has switched off.
func NotEnabled(f Feature) error {
	return &Error{Kind: ErrorForbidden, Code: "feature.not_enabled", Detail: "Your organization has switched off %s. PATCH /v1/organization switches it on.", Args: []any{Word(f)}, Feature: f}
}

// Client is a program that may ask for tokens. SecretHash is a keyed hash; the
// secret itself is shown once and kept nowhere.
type Client struct {
	ID             ClientID
	Organization   OrganizationID
	Name           string
	SecretHash     []byte
	Scopes         []Scope
	Agent          *AgentID // tokens of this client act for this agent
	AllowedOrigins []string // from which browsers its tokens may be used
	Version        int64
	CreatedAt      time.Time
}

// WebOrigin is a web page's place that an organization, or one client of it, allows
// its tokens to be used from.
type WebOrigin struct {
	URL          string // scheme, host and port, as browsers write it
	Organization OrganizationID
	Client       ClientID // empty for every client of the organization
}

// Queue is where interactions wait, and what holds for them.
type Queue struct {
	ID                       QueueID
	Organization             OrganizationID
	Name                     string
	ExternalID               *string
	Description              *string
	AlertingTimeoutSeconds   int // 7 to 900
	DeclineSetsNotResponding bool
	ACW                      ACW
	WrapUpCodes              []WrapUpCodeID
	Rules                    Rules
	Overflow                 *QueueID // takes over what this queue cannot keep
	Version                  int64
	CreatedAt                time.Time
	UpdatedAt                time.Time
}

// NewQueue gives a queue with the documented defaults: it alerts for 30 s, a
// decline makes the agent not responding, and wrap-up is optional.
func NewQueue(org OrganizationID, now time.Time) Queue {
	return Queue{ID: NewID[QueueID](), Organization: org, AlertingTimeoutSeconds: 30, DeclineSetsNotResponding: true,
		ACW: ACW{Mode: ACWOptional}, WrapUpCodes: []WrapUpCodeID{}, Rules: DefaultRules(), Version: 1, CreatedAt: now, UpdatedAt: now}
}

// AlertingTimeout is how long an offer of this queue stands.
func (q Queue) AlertingTimeout() time.Duration {
	return time.Duration(q.AlertingTimeoutSeconds) * time.Second
}

// WrapUpCode is a reason that an agent can give for how a contact ended.
type WrapUpCode struct {
	ID           WrapUpCodeID
	Organization OrganizationID
	Name         string
	ExternalID   *string
	Version      int64
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// TokenIssuer is an outside program whose tokens an organization takes, such as
// an identity provider. It speaks for that organization alone.
type TokenIssuer struct {
	ID                TokenIssuerID
	Organization      OrganizationID
	Name              string
	Issuer            string // the iss of its tokens
	Audience          string // what must be in their aud
	JWKSURL           string // where its keys are
	Algorithms        []string
	Scopes            []Scope // what its tokens may do at most
	OrganizationClaim string  // the claim that holds the organization's id
	ScopeClaim        *string // the claim that narrows Scopes; nil, and nothing does
	AgentClaim        *string // the claim that names an agent by its Subject; nil, and none does
	Version           int64
	CreatedAt         time.Time
	UpdatedAt         time.Time
}
