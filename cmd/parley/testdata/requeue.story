# Declined and left: the interaction waits again with its age and finds the
# other agent; who declined or left is not responding until they say otherwise
# (A20, A21, A22, C08, C09, C11).
POST /v1/queues {"name": "Care", "alerting_timeout_seconds": 20} -> 201
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
POST /v1/agents {"name": "Ben"} -> 201
  save ben = id
PUT /v1/queues/$queue/members/$ben {}
POST /v1/oauth-clients {"name": "Ben", "agent_id": "$ben", "scopes": ["conversation:message:view", "conversation:message:accept", "conversation:message:create", "conversation:message:disconnect", "conversation:participant:wrapup", "routing:agent:onqueue", "notifications:event:view"]} -> 201
  save client = client_id
  save secret = client_secret
login ben $client $secret

as ana
PUT /v1/agents/me/presence {"presence": "on_queue"}
as admin
POST /sandbox/platforms/messenger/inbound {"account_id": "314159265358979", "from": {"id": "7000000000000002"}, "text": "Hello?"}
await offer.created agent_id=$ana
  save id = interaction_id
  save offer = subject
GET /v1/interactions/$id
  save since = enqueued_at

# Ana declines; Ben comes on queue and is alerted with the same interaction.
as ana
POST /v1/interactions/$id/decline {"offer_id": "$offer", "reason": "lunch"}
  expect state == queued
GET /v1/agents/me
  expect routing_status == not_responding
  expect allowed_presences.0 == on_queue
POST /v1/interactions/$id/accept {"offer_id": "$offer"} -> 409
  expect code == offer.not_pending
  expect outcome == declined
as ben
PUT /v1/agents/me/presence {"presence": "on_queue"}
await offer.created agent_id=$ben
  expect interaction_id == $id
  save second = subject

# Ben does not answer: at the deadline he is not responding and it waits again.
advance 19
GET /v1/interactions/$id
  expect state == alerting
advance 1
GET /v1/interactions/$id
  expect state == queued
  expect enqueued_at == $since
  expect offer ==
GET /v1/agents/me
  expect routing_status == not_responding
POST /v1/interactions/$id/accept {"offer_id": "$second"} -> 409
  expect outcome == timed_out

# Time alone never brings an agent back; their own word does, even the same one.
advance 86400
GET /v1/interactions/$id
  expect state == queued
as ana
PUT /v1/agents/me/presence {"presence": "on_queue"}
  expect routing_status == idle
await offer.created agent_id=$ana
  expect interaction_id == $id
POST /v1/interactions/$id/accept
  expect state == connected
  expect enqueued_at == $since
