package doctor

import (
	"strings"
	"testing"

	"supervise/coredump/collector"
)

func TestCollection(t *testing.T) {
	better := []collector.NotHeld{{Way: "@@ socket", Reason: "it is old"}, {Way: "@ socket", Reason: "it is older"}}
	for _, c := range []struct {
		held    collector.Held
		status  Status
		value   string
		meaning string
	}{
		{collector.Held{Way: collector.Socket, Requests: true}, Good, "@@ socket", "complete"},
		{collector.Held{Way: collector.Socket, Better: better[:1]}, Note, "@ socket", "No @@ socket: it is old"},
		{collector.Held{Way: collector.Pipe, Better: better}, Note, "pipe", "No @@ socket: it is old"},
		{collector.Held{Way: collector.Files, Better: better}, Note, "files", "waits for its core"},
		{collector.Held{Way: collector.Off, Better: better}, Note, "none", "gets no cores"},
	} {
		f := collection(c.held)
		if f.Status != c.status || f.Value != c.value || !strings.Contains(f.Meaning, c.meaning) {
			t.Errorf("%+v: %+v", c.held, f)
		}
	}
}
