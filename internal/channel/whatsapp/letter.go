package whatsapp

import "github.com/parley-cx/parley/internal/channel"

// product is in every body.
const product = "whatsapp"

// outgoing is the body of a message (Cloud API, Messages). A person is addressed by
// their phone number or by their business-scoped user id, never by both.
type outgoing struct {
	Product       string    `json:"messaging_product"`
	RecipientType string    `json:"recipient_type"`
	To            string    `json:"to,omitempty"`
	Recipient     string    `json:"recipient,omitempty"`
	Context       *quoted   `json:"context,omitempty"`
	Type          string    `json:"type"`
	Text          *body     `json:"text,omitempty"`
	Image         *carried  `json:"image,omitempty"`
	Audio         *carried  `json:"audio,omitempty"`
	Video         *carried  `json:"video,omitempty"`
	Document      *carried  `json:"document,omitempty"`
	Template      *template `json:"template,omitempty"`
	Token         string    `json:"biz_opaque_callback_data,omitempty"`
}

type quoted struct {
	MessageID string `json:"message_id"`
}

type body struct {
	Body string `json:"body"`
}

// carried is a file that was uploaded before.
type carried struct {
	ID       string `json:"id"`
	Filename string `json:"filename,omitempty"`
}

// template is a message that WhatsApp has approved before; its parameters fill the
// body's places in order.
type template struct {
	Name     string `json:"name"`
	Language struct {
		Code string `json:"code"`
	} `json:"language"`
	Components []component `json:"components,omitempty"`
}

type component struct {
	Type       string      `json:"type"`
	Parameters []parameter `json:"parameters"`
}

type parameter struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// letter is a message's body, without its file.
func letter(message channel.Outbound) outgoing {
	out := outgoing{Product: product, RecipientType: "individual", To: message.To, Token: message.Token}
	switch {
	case message.AddressType == byUser && message.Alias != "":
		out.To = message.Alias // which wins over the id where both are given, and is what every version takes
	case message.AddressType == byUser:
		out.To, out.Recipient = "", message.To
	}
	if message.ReplyTo != "" {
		out.Context = &quoted{MessageID: message.ReplyTo}
	}
	switch {
	case message.Template != nil:
		out.Type, out.Template = "template", &template{Name: message.Template.Name}
		out.Template.Language.Code = message.Template.Language
		if len(message.Template.Parameters) > 0 {
			out.Template.Components = []component{{Type: "body", Parameters: parameters(message.Template.Parameters)}}
		}
	case message.File == nil:
		out.Type, out.Text = "text", &body{Body: message.Text}
	}
	return out
}

func parameters(texts []string) []parameter {
	filled := make([]parameter, len(texts))
	for n, text := range texts {
		filled[n] = parameter{Type: "text", Text: text}
	}
	return filled
}

// carrying is the body with a file that was uploaded. Only a document has a name.
func (o outgoing) carrying(f channel.File, id string) outgoing {
	file := &carried{ID: id}
	switch o.Type = f.Kind; f.Kind {
	case "image":
		o.Image = file
	case "audio":
		o.Audio = file
	case "video":
		o.Video = file
	default:
		o.Type, o.Document, file.Filename = "document", file, f.Name
	}
	return o
}

// receipt is the body that marks a message as read, and shows that somebody types.
type receipt struct {
	Product   string `json:"messaging_product"`
	Status    string `json:"status"`
	MessageID string `json:"message_id"`
	Typing    struct {
		Type string `json:"type"`
	} `json:"typing_indicator"`
}

func seen(messageID string) receipt {
	r := receipt{Product: product, Status: "read", MessageID: messageID}
	r.Typing.Type = "text"
	return r
}
