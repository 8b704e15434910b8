# Killed while an agent wraps up (C38, C41): the deadline is in the database, and so is what was submitted.
POST /v1/wrap-up-codes {"name": "Solved"} -> 201
  save code = id
POST /v1/queues {"name": "Care", "acw": {"mode": "mandatory_forced_timeout", "timeout_seconds": 60}, "wrap_up_code_ids": ["$code"], "require_end_consent": true} -> 201
  save queue = id
POST /v1/platform-apps {"platform": "meta", "name": "App", "secrets": ["story-secret"], "verify_token": "verify"} -> 201
  save app = id
POST /v1/channels {"name": "Our page", "app_id": "$app", "kind": "messenger", "account_id": "271828182845904", "credentials": {"access_token": "token"}, "queue_id": "$queue"} -> 201
POST /v1/agents {"name": "Ana"} -> 201
  save ana = id
PUT /v1/queues/$queue/members/$ana {}
POST /v1/oauth-clients {"name": "Ana", "agent_id": "$ana", "scopes": ["conversation:message:view", "conversation:message:accept", "conversation:message:create", "conversation:message:disconnect", "conversation:participant:wrapup", "routing:agent:onqueue", "notifications:event:view"]} -> 201
  save client = client_id
  save secret = client_secret
login ana $client $secret

as ana
PUT /v1/agents/me/presence {"presence": "on_queue"}
POST /sandbox/platforms/messenger/inbound {"account_id": "271828182845904", "from": {"id": "7000000000000008"}, "text": "It works now."}
await offer.created agent_id=$ana
  save id = interaction_id
POST /v1/interactions/$id/accept
PUT /v1/interactions/$id/draft {"text": "Glad to"}
kill
restart
GET /v1/interactions/$id/draft
  expect text == Glad to
POST /v1/interactions/$id/end -> 422
  expect code == consent.required
with Idempotency-Key: end-once
POST /v1/interactions/$id/end {"customer_consent": true}
  expect warnings.0.code == draft.unsent
  save version = version
kill
restart
with Idempotency-Key: end-once
POST /v1/interactions/$id/end {"customer_consent": true}
  expect version == $version
GET /v1/interactions/$id/wrap-up
  expect state == pending
PUT /v1/interactions/$id/wrap-up {"code_ids": ["$code"]}
  expect state == submitted
kill
restart
GET /v1/agents/me
  expect utilization.message.used == 1
advance 61
GET /v1/agents/me
  expect utilization.message.used == 0
GET /v1/interactions/$id/wrap-up
  expect state == submitted
  expect codes.0.id == $code
GET /v1/interactions/$id
  expect closed_at !=
