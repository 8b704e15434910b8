# Killed in the middle: what was acknowledged is there afterwards, nothing
# happens twice, and a call whose answer was lost is told as unconfirmed.
POST /v1/queues {"name": "Care"} -> 201
  save queue = id
POST /v1/platform-apps {"platform": "meta", "name": "App", "secrets": ["story-secret"], "verify_token": "verify"} -> 201
  save app = id
POST /v1/channels {"name": "Our page", "app_id": "$app", "kind": "messenger", "account_id": "314159265358979", "credentials": {"access_token": "token"}, "queue_id": "$queue"} -> 201
  save channel = id
POST /v1/agents {"name": "Ana"} -> 201
  save ana = id
PUT /v1/queues/$queue/members/$ana {}
POST /v1/oauth-clients {"name": "Ana", "agent_id": "$ana", "scopes": ["conversation:message:view", "conversation:message:accept", "conversation:message:create", "conversation:message:disconnect", "conversation:participant:wrapup", "routing:agent:onqueue", "notifications:event:view"]} -> 201
  save client = client_id
  save secret = client_secret
login ana $client $secret

as ana
PUT /v1/agents/me/presence {"presence": "on_queue"}
POST /sandbox/platforms/messenger/inbound {"account_id": "314159265358979", "from": {"id": "7000000000000006"}, "text": "Are you there?"}
await offer.created agent_id=$ana
  save id = interaction_id
with Idempotency-Key: accept-once
POST /v1/interactions/$id/accept
  save version = version
kill
restart
with Idempotency-Key: accept-once
POST /v1/interactions/$id/accept
  expect version == $version
  expect header.Idempotent-Replayed == true
GET /v1/interactions/$id
  expect state == connected

# The platform hangs while the program dies.
PUT /sandbox/platforms/messenger/faults {"mode": "hang", "times": 1}
POST /v1/interactions/$id/replies {"text": "in the air"} -> 202
  save air = items.0.id
await reply.sending
  expect subject == $air
with Idempotency-Key: reply-once
POST /v1/interactions/$id/replies {"text": "behind it"} -> 202
  save behind = items.0.id
kill
restart
with Idempotency-Key: reply-once
POST /v1/interactions/$id/replies {"text": "behind it"} -> 202
  expect items.0.id == $behind
await reply.unconfirmed
  expect subject == $air
advance 121
await reply.delivered
  expect subject == $behind
GET /v1/interactions/$id/messages
  expect items.# == 3
GET /sandbox/platforms/messenger/requests
  expect items.# == 1
POST /v1/interactions/$id/end
  expect state == disconnected
