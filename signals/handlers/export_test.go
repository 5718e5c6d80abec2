package handlers

import "testing"

// CheckMaps parses any text.
func CheckMaps(t *testing.T, text string) {
	for _, m := range parseMaps(text) {
		if m.end <= m.start || at([]mapping{m}, m.start) == nil || at([]mapping{m}, m.end) != nil {
			t.Errorf("%+v", m)
		}
	}
}
