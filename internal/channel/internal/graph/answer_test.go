package graph_test

import (
	"strings"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/channel"
)

func TestAnswers(t *testing.T) {
	t.Parallel()
	accepted := channel.Result{Outcome: channel.OutcomeAccepted, MessageID: "m_1"}
	for name, c := range map[string]struct {
		status int
		body   string
		want   channel.Result
	}{
		"taken":                      {200, `{"recipient_id":"1","message_id":"m_1"}`, accepted},
		"taken without a recipient":  {200, `{"message_id":"m_1"}`, accepted},
		"no id":                      {200, `{"recipient_id":"1"}`, unknown},
		"id of another type":         {200, `{"message_id":{"a":1}}`, unknown},
		"not JSON":                   {200, `<html>`, unknown},
		"nothing":                    {200, ``, unknown},
		"too long to be read":        {200, `{"message_id":"m_1","x":"` + strings.Repeat("x", 1<<20) + `"}`, unknown},
		"a redirect":                 {302, ``, unknown},
		"refused by something":       {404, `<html>`, platform},
		"an error without a code":    {400, `{"error":{"message":"x"}}`, platform},
		"an error that is a text":    {400, `{"error":"invalid_request"}`, platform},
		"unauthorized by something":  {401, ``, auth},
		"forbidden by something":     {403, ``, auth},
		"timed out before us":        {408, ``, unknown},
		"throttled by something":     {429, `<html>`, throttled},
		"server error without Graph": {500, `{}`, unknown},
		"bad gateway":                {502, `<html>`, unknown},
		"unavailable":                {503, ``, unknown},
		"gateway timeout":            {504, `<html>`, unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.Status = c.status
			header := map[string]string{"Location": "/elsewhere"}
			if got := answered(t, c.status, header, c.body); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	const usage = "X-Business-Use-Case-Usage"
	const date = "Mon, 21 Sep 2026 12:00:00 GMT"
	for name, c := range map[string]struct {
		header map[string]string
		want   time.Duration
	}{
		"seconds":           {map[string]string{"Retry-After": "30"}, 30 * time.Second},
		"zero":              {map[string]string{"Retry-After": "0", usage: `{"1":[{"estimated_time_to_regain_access":5}]}`}, 0},
		"date":              {map[string]string{"Date": date, "Retry-After": "Mon, 21 Sep 2026 12:01:30 GMT"}, 90 * time.Second},
		"date gone by":      {map[string]string{"Date": date, "Retry-After": "Mon, 21 Sep 2026 11:00:00 GMT"}, 0},
		"absurd":            {map[string]string{"Retry-After": "9223372036854775807"}, 24 * time.Hour},
		"far date":          {map[string]string{"Date": date, "Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, 24 * time.Hour},
		"negative":          {map[string]string{"Retry-After": "-5"}, 0},
		"usage":             {map[string]string{usage: `{"100":[{"type":"messenger","call_count":101,"estimated_time_to_regain_access":3},{"type":"pages","estimated_time_to_regain_access":7}],"200":[{"estimated_time_to_regain_access":0}]}`}, 7 * time.Minute},
		"usage after words": {map[string]string{"Retry-After": "soon", usage: `{"100":[{"estimated_time_to_regain_access":2}]}`}, 2 * time.Minute},
		"usage absurd":      {map[string]string{usage: `{"100":[{"estimated_time_to_regain_access":1e300}]}`}, 24 * time.Hour},
		"usage broken":      {map[string]string{usage: `{"100":`}, 0},
		"usage negative":    {map[string]string{usage: `{"100":[{"estimated_time_to_regain_access":-4}]}`}, 0},
		"nothing":           {nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := answered(t, 400, c.header, graphError(`"code":613`))
			if got.Outcome != channel.OutcomeThrottled || got.RetryAfter != c.want {
				t.Errorf("got %+v, want %v", got, c.want)
			}
		})
	}
}
