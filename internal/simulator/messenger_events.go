package simulator

import "maps"

// other writes the webhook for what a customer, or the platform, does besides writing messages (Meta, Messenger
// Platform, Webhook events reference).
func (m messenger) other(in InboundMessage) (body []byte, ids []string) {
	at := in.Timestamp
	if at == 0 {
		at = m.now().UnixMilli()
	}
	shape, content := in.shape()
	event := map[string]any{"recipient": party{in.AccountID}, "timestamp": at, shape: content}
	if shape != "policy_enforcement" { // it is about the account alone
		event["sender"] = party{in.From.ID}
	}
	if in.Event == "postback" || in.Event == "quick_reply" {
		m.people.meet(in.AccountID, in.From)
		m.people.heard(thread{account: in.AccountID, contact: in.From.ID}, m.now())
	}
	if mid, ok := content["mid"].(string); ok {
		ids = []string{mid}
	} else {
		ids = []string{}
	}
	return m.webhook(in.AccountID, graphJSON(event), in.Standby), ids
}

// shape gives the key of an event and what is under it.
func (in InboundMessage) shape() (string, map[string]any) {
	content := map[string]any{"mid": in.MessageID}
	add := func(more map[string]any) map[string]any { maps.Copy(content, more); return content }
	switch in.Event {
	case "edit":
		return "message_edit", add(map[string]any{"text": in.Text, "num_edit": max(in.Number, 1)})
	case "unsend":
		return "message", add(map[string]any{"is_deleted": true})
	case "react":
		return "reaction", add(map[string]any{"action": "react", "reaction": "other", "emoji": in.Text})
	case "unreact":
		return "reaction", add(map[string]any{"action": "unreact"})
	case "referral":
		return "referral", map[string]any{"ref": in.Data, "source": "SHORTLINK", "type": "OPEN_THREAD"}
	case "pass_thread_control", "take_thread_control":
		return in.Event, map[string]any{"new_owner_app_id": in.Data, "metadata": in.Text}
	case "policy_enforcement":
		return in.Event, map[string]any{"action": in.Data, "reason": in.Text}
	}
	if in.MessageID == "" {
		content["mid"] = newMessageID()
	}
	if in.Event == "quick_reply" {
		return "message", add(map[string]any{"text": in.Text, "quick_reply": map[string]any{"payload": in.Data}})
	}
	return "postback", add(map[string]any{"title": in.Text, "payload": in.Data})
}
