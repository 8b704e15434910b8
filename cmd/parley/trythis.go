package main

// demoTry is what parley dev prints to be pasted, with %s for its address.
// README.md shows the same lines, and a test runs them.
const demoTry = `URL=%s; JSON='Content-Type: application/json'
ANA=$(curl -s $URL/oauth/token -u demo-ana:demo-secret -d grant_type=client_credentials | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
ana() { curl -s -H "Authorization: Bearer $ANA" -H "$JSON" "$@"; echo; }

# Ana goes on queue. Event-Cursor is a place in the event log before what this does.
CURSOR=$(ana -i -X PUT $URL/v1/agents/me/presence -d '{"presence":"on_queue"}' | tr -d '\r' | sed -n 's/^Event-Cursor: //p')

# Kim writes to the demo page; the simulated Messenger signs the webhook and posts it.
curl -s $URL/sandbox/platforms/messenger/inbound -H "$JSON" -d '{"account_id":"100200300400500","from":{"id":"7000000000000001"},"text":"Where is my parcel?"}'; echo

# Ana is alerted (the log is asked, and waits), accepts, and reads.
ID=$(ana "$URL/v1/events?types=offer.created&wait=10&cursor=$CURSOR" | sed 's/.*"interaction_id":"\([^"]*\)".*/\1/')
ana -X POST $URL/v1/interactions/$ID/accept
ana $URL/v1/interactions/$ID/messages

# She answers. The key makes it safe to send the request again.
ana -X POST $URL/v1/interactions/$ID/replies -H "Idempotency-Key: try-$ID" -d '{"text":"It left our house this morning."}'
ana "$URL/v1/events?types=reply.delivered&wait=10&interaction_id=$ID"
curl -s "$URL/sandbox/platforms/messenger/requests?limit=1"; echo

# She ends, and wraps up.
ana -X POST $URL/v1/interactions/$ID/end
CODE=$(ana "$URL/v1/interactions/$ID" | sed 's/.*"queue":{"id":"\([^"]*\)".*/\1/' | { read -r QUEUE; ana "$URL/v1/queues/$QUEUE/wrap-up-codes?q=question"; } | sed 's/.*"id":"\([^"]*\)".*/\1/')
ana -X PUT $URL/v1/interactions/$ID/wrap-up -d "{\"code_ids\":[\"$CODE\"],\"notes\":\"Parcel on its way.\"}"`
