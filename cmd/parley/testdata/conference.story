# A conference: a second agent is asked in, and the program is killed before they
# answer and while both talk. The customer is told who came and who left.
POST /v1/wrap-up-codes {"name": "Solved"} -> 201
  save code = id
POST /v1/queues {"name": "Care", "acw": {"mode": "mandatory"}, "alerting_timeout_seconds": 20, "wrap_up_code_ids": ["$code"]} -> 201
  save queue = id
POST /v1/platform-apps {"platform": "meta", "name": "App", "secrets": ["story-secret"], "verify_token": "verify"} -> 201
  save app = id
POST /v1/channels {"name": "Our page", "app_id": "$app", "kind": "messenger", "account_id": "314159265358979", "credentials": {"access_token": "token"}, "queue_id": "$queue"} -> 201
  save channel = id
POST /v1/agents {"name": "Ana"} -> 201
  save ana = id
PUT /v1/queues/$queue/members/$ana {}
POST /v1/oauth-clients {"name": "Ana", "agent_id": "$ana", "scopes": ["conversation:message:view", "conversation:message:accept", "conversation:message:create", "conversation:message:disconnect", "conversation:participant:wrapup", "conversation:conference:add", "conversation:conference:exit", "conversation:conference:end", "routing:queue:search", "routing:agent:onqueue", "notifications:event:view"]} -> 201
  save client = client_id
  save secret = client_secret
login ana $client $secret
POST /v1/agents {"name": "Ben"} -> 201
  save ben = id
PUT /v1/queues/$queue/members/$ben {}
POST /v1/oauth-clients {"name": "Ben", "agent_id": "$ben", "scopes": ["conversation:message:view", "conversation:message:accept", "conversation:message:create", "conversation:message:disconnect", "conversation:participant:wrapup", "conversation:conference:add", "conversation:conference:exit", "conversation:conference:end", "routing:queue:search", "routing:agent:onqueue", "notifications:event:view"]} -> 201
  save client = client_id
  save secret = client_secret
login ben $client $secret

as ana
PUT /v1/agents/me/presence {"presence": "on_queue"}
POST /sandbox/platforms/messenger/inbound {"account_id": "314159265358979", "from": {"id": "7000000000000007"}, "text": "It is complicated."}
await offer.created agent_id=$ana
  save id = interaction_id
POST /v1/interactions/$id/accept
as ben
PUT /v1/agents/me/presence {"presence": "on_queue"}
as ana
GET /v1/conference-targets?q=BEN
  expect items.# == 1
  expect items.0.id == $ben
  expect items.0.presence == on_queue

# Asked, and killed before the answer: the request stands, and its time runs on.
with Idempotency-Key: ask-once
POST /v1/interactions/$id/conference {"agent_id": "$ben"} -> 201
  expect state == requested
kill
restart
with Idempotency-Key: ask-once
POST /v1/interactions/$id/conference {"agent_id": "$ben"} -> 201
  expect header.Idempotent-Replayed == true
GET /v1/interactions/$id
  expect state == conference_requested
  expect participants.# == 3
advance 20
GET /v1/interactions/$id
  expect state == connected
  expect conference.state == failed
as ben
POST /v1/interactions/$id/accept -> 409
  expect outcome == timed_out
PUT /v1/agents/me/presence {"presence": "on_queue"}

# Asked again, killed once more, and accepted.
as ana
POST /v1/interactions/$id/conference {"agent_id": "$ben"} -> 201
kill
restart
as ben
POST /v1/interactions/$id/accept
  expect state == conference
as ana
await conference.started interaction_id=$id
  expect data.after == active
race -> 202 202
  ana POST /v1/interactions/$id/replies {"text": "From Ana."}
  ben POST /v1/interactions/$id/replies {"text": "From Ben."}
kill
restart
GET /v1/interactions/$id
  expect state == conference
  expect conference.state == active
as ben
POST /v1/interactions/$id/conference/exit
  expect state == connected
DELETE /v1/interactions/$id/conference -> 409
PUT /v1/interactions/$id/wrap-up {"code_ids": ["$code"]}
as ana
GET /v1/interactions/$id/messages
  expect items.# == 5
  expect items.1.text == Ben has joined the chat.
  expect items.4.text == Ben has left the chat.
POST /v1/interactions/$id/end
  expect state == disconnected
PUT /v1/interactions/$id/wrap-up {"code_ids": ["$code"]}
await interaction.closed interaction_id=$id
as admin
GET /v1/admin/invariants
  expect holds == true
