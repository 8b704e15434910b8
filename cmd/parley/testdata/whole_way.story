# The whole way: a customer asks, an agent answers, and everybody learns what
# became of it (D01, A03, A04, A15, A23, C38, C40, C41, D03).

# Setup: wrap-up codes, a queue, a page, an agent.
POST /v1/wrap-up-codes {"name": "Question answered"} -> 201
  save answered = id
POST /v1/wrap-up-codes {"name": "Complaint"} -> 201
  save complaint = id
POST /v1/queues {"name": "Care", "acw": {"mode": "mandatory"}, "wrap_up_code_ids": ["$answered", "$complaint"]} -> 201
  save queue = id
  expect alerting_timeout_seconds == 30
POST /v1/platform-apps {"platform": "meta", "name": "App", "secrets": ["story-secret"], "verify_token": "verify"} -> 201
  save app = id
GET /hooks/$app?hub.mode=subscribe&hub.challenge=12345&hub.verify_token=verify
GET /hooks/$app?hub.mode=subscribe&hub.challenge=12345&hub.verify_token=wrong -> 403
POST /v1/channels {"name": "Our page", "app_id": "$app", "kind": "messenger", "account_id": "314159265358979", "credentials": {"access_token": "token"}, "queue_id": "$queue"} -> 201
  save channel = id
  expect status == active
POST /v1/agents {"name": "Ana Alvarez", "display_name": "Ana"} -> 201
  save ana = id
  expect routing_status == off_queue
PUT /v1/queues/$queue/members/$ana {}
POST /v1/oauth-clients {"name": "Ana's desk", "agent_id": "$ana", "scopes": ["conversation:message:view", "conversation:message:accept", "conversation:message:create", "conversation:message:disconnect", "conversation:participant:wrapup", "routing:agent:onqueue", "routing:wrapupCode:view", "notifications:event:view"]} -> 201
  save client = client_id
  save secret = client_secret
login ana $client $secret

# The customer writes; nobody is on queue, so it waits.
POST /sandbox/platforms/messenger/inbound {"account_id": "314159265358979", "from": {"id": "7000000000000001"}, "text": "Where is my parcel?"}
  expect status == 200
await message.received
  save id = interaction_id
GET /v1/interactions/$id
  expect state == queued
  expect queue.name == Care

# Ana goes on queue and is alerted at once.
as ana
PUT /v1/agents/me/presence {"presence": "on_queue"}
await offer.created agent_id=$ana
  expect interaction_id == $id
  expect data.reason ==
GET /v1/interactions?state=alerting&agent_id=me
  expect items.# == 1
  expect items.0.id == $id
  expect items.0.allowed_actions.0 == accept
  expect items.0.channel.kind == messenger
POST /v1/interactions/$id/replies {"text": "too early"} -> 409
  expect code == state.invalid_transition
POST /v1/interactions/$id/accept
  expect state == connected
GET /v1/interactions/$id/messages
  expect items.0.text == Where is my parcel?
  expect items.0.direction == inbound
  expect items.0.channel.label == Our page

# She answers; the platform delivers, and the customer reads.
with Idempotency-Key: story-reply-1
POST /v1/interactions/$id/replies {"text": "It left our house this morning.", "client_message_id": "desk-1"} -> 202
  save reply = items.0.id
  expect items.0.status == queued
  expect items.0.sender.display_name == Ana
with Idempotency-Key: story-reply-1
POST /v1/interactions/$id/replies {"text": "It left our house this morning.", "client_message_id": "desk-1"} -> 202
  expect items.0.id == $reply
  expect header.Idempotent-Replayed == true
await reply.sending
await reply.delivered
  expect subject == $reply
GET /v1/interactions/$id/replies/$reply
  expect status == delivered
  expect attempts == 1
  save mid = platform_message_id
GET /sandbox/platforms/messenger/requests
  expect items.# == 1
  expect items.0.path == /v25.0/314159265358979/messages

# The end: the customer is told, and Ana wraps up with two codes.
POST /v1/interactions/$id/end
  expect state == disconnected
  expect disconnect_type == agent
  expect allowed_actions.0 == wrap_up
GET /v1/agents/me
  expect routing_status == interacting
PUT /v1/interactions/$id/wrap-up {"code_ids": []} -> 422
  expect code == wrap_up.code_required
PUT /v1/interactions/$id/wrap-up {"code_ids": ["$complaint", "$answered", "$complaint"], "notes": "All well."}
  expect codes.# == 2
  expect codes.0.name == Complaint
PUT /v1/interactions/$id/wrap-up {"code_ids": ["$complaint", "$answered"], "notes": "All well."}
  expect state == submitted
PUT /v1/interactions/$id/wrap-up {"code_ids": ["$complaint"], "notes": "Otherwise."} -> 409
  expect code == wrap_up.already_submitted
GET /v1/agents/me
  expect routing_status == idle
  expect utilization.message.used == 0
GET /v1/interactions/$id
  expect closed_at != 

# The customer writes again: a new interaction in the same thread.
GET /v1/interactions/$id
  save thread = thread_id
POST /sandbox/platforms/messenger/inbound {"account_id": "314159265358979", "from": {"id": "7000000000000001"}, "text": "Thank you!"}
await offer.created agent_id=$ana
  save second = interaction_id
  expect interaction_id != $id
GET /v1/interactions/$second
  expect thread_id == $thread
  expect previous_interaction_id == $id
