# What can become of a reply: each fault of the platform, told honestly
# (A24, A25, A27, A28, A29, D12, D13).
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
POST /sandbox/platforms/messenger/inbound {"account_id": "314159265358979", "from": {"id": "7000000000000004"}, "text": "Help!"}
await offer.created agent_id=$ana
  save id = interaction_id
POST /v1/interactions/$id/accept

# The platform's server fails with an error of its own: lost, resent by hand (A27).
PUT /sandbox/platforms/messenger/faults {"mode": "server_error", "times": 1}
POST /v1/interactions/$id/replies {"text": "one"} -> 202
  save one = items.0.id
await reply.failed
  expect subject == $one
  expect data.error_code == platform_rejected
GET /v1/interactions/$id/replies/$one
  expect error.lost == true
  expect error.category == server
  expect error.retryable == manual
  expect allowed_actions.0 == resend
POST /v1/interactions/$id/replies/$one/resend -> 202
  save again = id
  expect resend_of == $one
await reply.delivered
  expect subject == $again
GET /v1/interactions/$id/replies/$one
  expect resent_as == $again
POST /v1/interactions/$id/replies/$one/resend -> 409
  expect code == reply.not_resendable

# It refuses the person: no retry helps.
PUT /sandbox/platforms/messenger/faults {"mode": "reject", "code": 551, "times": 1}
POST /v1/interactions/$id/replies {"text": "two"} -> 202
  save two = items.0.id
await reply.failed
  expect data.error_code == recipient_invalid

# The window is closed.
PUT /sandbox/platforms/messenger/faults {"mode": "reject", "code": 10, "subcode": 2018278, "times": 1}
POST /v1/interactions/$id/replies {"text": "three"} -> 202
await reply.failed
  expect data.error_code == response_window_closed

# Too much was sent: it waits, and then it goes.
PUT /sandbox/platforms/messenger/faults {"mode": "rate_limit", "times": 1}
POST /v1/interactions/$id/replies {"text": "four"} -> 202
  save four = items.0.id
await reply.queued
  expect subject == $four
await reply.queued
  expect subject == $four
advance 10
await reply.delivered
  expect subject == $four

# Too much was sent, and it stays so: the limit is the reason (A28).
PUT /sandbox/platforms/messenger/faults {"mode": "rate_limit"}
POST /v1/interactions/$id/replies {"text": "five"} -> 202
  save five = items.0.id
await reply.sending
advance 120
await reply.failed
  expect subject == $five
  expect data.error_code == message_limit_exceeded

# Nobody listens: the network is the reason (A29).
PUT /sandbox/platforms/messenger/faults {"mode": "refuse"}
POST /v1/interactions/$id/replies {"text": "six"} -> 202
  save six = items.0.id
advance 60
await reply.failed
  expect subject == $six
  expect data.error_code == network_unreachable

# The platform took it and the answer was lost: unconfirmed, until its echo proves it.
PUT /sandbox/platforms/messenger/faults {"mode": "drop_answer", "times": 1}
POST /v1/interactions/$id/replies {"text": "seven"} -> 202
  save seven = items.0.id
await reply.delivered
  expect subject == $seven
GET /v1/interactions/$id/replies/$seven
  expect status == delivered
  expect attempts == 1

# It never answers and nothing proves anything: unconfirmed, never sent again by itself.
PUT /sandbox/platforms/messenger/faults {"mode": "hang", "times": 1}
POST /v1/interactions/$id/replies {"text": "eight"} -> 202
  save eight = items.0.id
await reply.unconfirmed
  expect subject == $eight
PUT /sandbox/platforms/messenger/faults {"mode": "none"}
POST /v1/interactions/$id/replies {"text": "nine"} -> 202
  save nine = items.0.id
advance 121
await reply.delivered
  expect subject == $nine
GET /v1/interactions/$id/replies/$eight
  expect status == unconfirmed
  expect attempts == 1

# Receipts doubled and in the wrong order end at the same place.
PUT /sandbox/platforms/messenger/faults {"mode": "none", "receipts": {"echo": true, "delivered": true, "read": true, "copies": 3, "reversed": true}}
POST /v1/interactions/$id/replies {"text": "ten"} -> 202
  save ten = items.0.id
await reply.read subject=$ten

# A failed reply can be deleted; what was delivered cannot.
DELETE /v1/interactions/$id/replies/$two -> 204
DELETE /v1/interactions/$id/replies/$two -> 204
DELETE /v1/interactions/$id/replies/$ten -> 409
  expect code == message.not_deletable
