package domain

import (
	"slices"
	"testing"
)

func TestF02_SwitchesAreIndependent(t *testing.T) {
	t.Parallel()
	o := Organization{}
	for _, c := range []struct {
		on   map[string]bool
		want []Feature
	}{
		{map[string]bool{}, nil},
		{map[string]bool{"attachments": true}, nil},
		{map[string]bool{"open_messaging": false}, []Feature{FeatureOpenMessaging}},
		{map[string]bool{"attachments": false}, []Feature{FeatureAttachments, FeatureOpenMessaging}},
		{map[string]bool{"attachments": false, "open_messaging": true}, []Feature{FeatureAttachments}},
		{nil, []Feature{FeatureAttachments}},
		{map[string]bool{"attachments": true, "typing_indicators": false}, []Feature{FeatureTypingIndicators}},
	} {
		if o.Switch(c.on); !slices.Equal(o.Off, c.want) {
			t.Errorf("after %v off is %q, not %q", c.on, o.Off, c.want)
		}
	}
}
