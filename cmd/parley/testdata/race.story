# Two agents and one offer: one of them has it, the other is told so. Nobody
# else can answer in it.
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
POST /v1/agents {"name": "Ben"} -> 201
  save ben = id
PUT /v1/queues/$queue/members/$ben {}
POST /v1/oauth-clients {"name": "Ben", "agent_id": "$ben", "scopes": ["conversation:message:view", "conversation:message:accept", "conversation:message:create", "conversation:message:disconnect", "conversation:participant:wrapup", "routing:agent:onqueue", "notifications:event:view"]} -> 201
  save client = client_id
  save secret = client_secret
login ben $client $secret

as ana
PUT /v1/agents/me/presence {"presence": "on_queue"}
as ben
PUT /v1/agents/me/presence {"presence": "on_queue"}
as admin
POST /sandbox/platforms/messenger/inbound {"account_id": "314159265358979", "from": {"id": "7000000000000003"}, "text": "Who takes me?"}
await offer.created
  save id = interaction_id
race -> 200 409
  ana POST /v1/interactions/$id/accept
  ben POST /v1/interactions/$id/accept
await interaction.connected
  save winner = agent_id
GET /v1/interactions/$id
  expect state == connected
  expect participants.# == 2
  expect participants.1.agent_id == $winner
race -> 202 409
  ana POST /v1/interactions/$id/replies {"text": "Me."}
  ben POST /v1/interactions/$id/replies {"text": "Me."}
race -> 200 409
  ana POST /v1/interactions/$id/end
  ben POST /v1/interactions/$id/end
