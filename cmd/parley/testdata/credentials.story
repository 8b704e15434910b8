# The page's token no longer works: replies wait in their place, and go when the
# token is renewed.
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
POST /sandbox/platforms/messenger/inbound {"account_id": "314159265358979", "from": {"id": "7000000000000005"}, "text": "Hello"}
await offer.created agent_id=$ana
  save id = interaction_id
POST /v1/interactions/$id/accept
PUT /sandbox/platforms/messenger/faults {"mode": "reject", "code": 190, "times": 1}
POST /v1/interactions/$id/replies {"text": "one"} -> 202
  save one = items.0.id
as admin
await channel.needs_reauthorization
  expect subject == $channel
GET /v1/channels/$channel
  expect status == needs_reauthorization
as ana
POST /v1/interactions/$id/replies {"text": "two"} -> 202
  save two = items.0.id
GET /v1/interactions/$id/replies/$one
  expect status == queued
as admin
PATCH /v1/channels/$channel {"credentials": {"access_token": "renewed"}}
  expect status == active
as ana
await reply.sent
  expect subject == $one
await reply.sent
  expect subject == $two
