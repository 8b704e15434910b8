# A connector of one's own (Open Messaging): a message in, an answer out, receipts
# that move it, calls that are made again, and a message that answers none
# (B01, B03, A23, A24, A25, A27, A28, A29, C19).

POST /v1/queues {"name": "Care"} -> 201
  save queue = id
POST /v1/channels {"name": "Example care", "kind": "open", "credentials": {"webhook_secret": "too short"}, "queue_id": "$queue"} -> 400
POST /v1/channels {"name": "Example care", "kind": "open", "queue_id": "$queue"} -> 422
  expect code == channel.webhook_secret_required
POST /v1/channels {"name": "Example care", "kind": "messenger", "account_id": "1"} -> 422
  expect code == channel.app_required
POST /v1/channels {"name": "Example care", "kind": "open", "credentials": {"webhook_secret": "om-secret-demo-16chars"}, "queue_id": "$queue", "settings": {"signature_encoding": "hex"}} -> 201
  save integration = account_id
  expect app_id ==
  expect settings.signature_encoding == hex
POST /v1/agents {"name": "Ana Alvarez", "display_name": "Ana"} -> 201
  save ana = id
PUT /v1/queues/$queue/members/$ana {}
POST /v1/oauth-clients {"name": "Ana's desk", "agent_id": "$ana", "scopes": ["conversation:message:view", "conversation:message:accept", "conversation:message:create", "conversation:message:disconnect", "conversation:participant:wrapup", "routing:agent:onqueue", "routing:wrapupCode:view", "notifications:event:view"]} -> 201
  save client = client_id
  save secret = client_secret
login ana $client $secret
POST /v1/oauth-clients {"name": "Connector", "scopes": ["conversation:message:receive"]} -> 201
  save connectorclient = client_id
  save connectorsecret = client_secret
login connector $connectorclient $connectorsecret

# Kim writes through the simulated connector; Ana is offered the conversation.
as ana
PUT /v1/agents/me/presence {"presence": "on_queue"}
as admin
POST /sandbox/platforms/open/inbound {"account_id": "$integration", "from": {"id": "kim", "name": "Kim"}, "text": "Where is my parcel?", "message_id": "cx-1"}
  expect status == 202
  expect message_ids.0 == cx-1
as ana
await offer.created agent_id=$ana
  save id = interaction_id
POST /v1/interactions/$id/accept
  expect state == connected
  expect channel.kind == open
  expect contact.display_name == Kim
GET /v1/interactions/$id/messages
  expect items.0.text == Where is my parcel?
  expect items.0.platform_message_id == cx-1

# She answers; the connector verifies the signature and says that it was delivered.
POST /v1/interactions/$id/replies {"text": "It left our house <this> morning."} -> 202
  save reply = items.0.id
await reply.delivered
  expect subject == $reply
GET /v1/interactions/$id/replies/$reply
  expect platform_message_id == $reply
  expect attempts == 1
as admin
GET /sandbox/platforms/open/requests?limit=200
  expect items.0.status == 200

# A27: the connector has an outage. The call is made five times more, five seconds
# apart, and then the reply has failed; A25: it can be sent again.
PUT /sandbox/platforms/open/faults {"mode": "server_error"}
as ana
POST /v1/interactions/$id/replies {"text": "Anything else?"} -> 202
  save lost = items.0.id
advance 20
GET /v1/interactions/$id/replies/$lost
  expect status == queued
  expect attempts == 5
advance 5
GET /v1/interactions/$id/replies/$lost
  expect status == failed
  expect attempts == 6
  expect error.code == platform_rejected
  expect error.lost == true
as admin
PUT /sandbox/platforms/open/faults {"mode": "none"}
as ana
POST /v1/interactions/$id/replies/$lost/resend -> 202
  save again = id
await reply.delivered subject=$again

# An answer that is lost on its way is asked for again: the connector knows the
# message by its id and takes it once.
as admin
PUT /sandbox/platforms/open/faults {"mode": "drop_answer", "times": 2, "receipts": {"delivered": false}}
as ana
POST /v1/interactions/$id/replies {"text": "Once only."} -> 202
  save once = items.0.id
advance 10
GET /v1/interactions/$id/replies/$once
  expect status == sent
  expect attempts == 3

# A26, A28, A24: the connector says that the customer is away, that the limit is
# reached, and that the customer wants no more.
as connector
POST /api/v2/conversations/messages/$integration/inbound/open/receipt {"messageId": "$once", "channel": {"to": {"id": "kim"}}, "status": "Queued"} -> 202
as ana
await reply.pending_recipient
  expect subject == $once
as connector
POST /api/v2/conversations/messages/$integration/inbound/open/receipt {"id": "$once", "channel": {"to": {"id": "kim"}}, "status": "Failed", "reasons": [{"code": "RateLimited"}], "isFinalReceipt": true} -> 202
as ana
await reply.failed subject=$once
GET /v1/interactions/$id/replies/$once
  expect error.code == message_limit_exceeded
  expect error.remedy == contact_admin
as connector
POST /api/v2/conversations/messages/inbound/open {"type": "Receipt", "id": "nobody-knows-it", "channel": {"to": {"id": "$integration"}}, "status": "Delivered"} -> 202
POST /api/v2/conversations/messages/inbound/open {"type": "Receipt", "id": "$once", "channel": {"messageId": "other"}, "status": "Delivered"} -> 202
as ana
await reply.delivered subject=$once
GET /v1/interactions/$id/replies/$once
  expect reconciled == true

# A29: nobody can be reached.
as admin
PUT /sandbox/platforms/open/faults {"mode": "refuse"}
as ana
POST /v1/interactions/$id/replies {"text": "Are you there?"} -> 202
  save unreached = items.0.id
advance 30
GET /v1/interactions/$id/replies/$unreached
  expect status == failed
  expect error.code == network_unreachable
as admin
PUT /sandbox/platforms/open/faults {"mode": "none"}

# The end, and a message that answers none: it is over at once, and what Kim
# answers begins a conversation in the same thread (B03).
as ana
GET /v1/interactions/$id
  save thread = thread_id
POST /v1/interactions/$id/end
as connector
POST /api/v2/conversations/messages/agentless {"fromAddress": "$integration", "toAddress": "kim", "toAddressMessengerType": "open", "textBody": "How was it?"} -> 202
  save outreach = conversationId
  save asked = id
POST /api/v2/conversations/messages/agentless {"fromAddress": "$integration", "toAddress": "kim", "toAddressMessengerType": "facebook", "textBody": "How was it?"} -> 422
  expect code == outbound.not_allowed
as admin
await reply.delivered subject=$asked
GET /v1/interactions/$outreach
  expect state == disconnected
  expect thread_id == $thread
  expect previous_interaction_id == $id
POST /sandbox/platforms/open/inbound {"account_id": "$integration", "from": {"id": "kim"}, "text": "Very good."}
await interaction.queued
  save last = interaction_id
GET /v1/interactions/$last
  expect thread_id == $thread
  expect previous_interaction_id == $outreach
