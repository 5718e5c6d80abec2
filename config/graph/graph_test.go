package graph

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"supervise/config"
)

func file(t *testing.T) *config.File {
	t.Helper()
	f, err := config.Load("../../testdata/config/order.toml", nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

const wantText = `WAVE  SERVICE  TYPE  CONDITIONS
1     db       run   -
1     cache    run   -
1     syslog   run   -
2     mq       run   after db, after syslog
2     migrate  once  requires db (on loss stop)
3     app      run   requires db (until started, on loss restart), requires mq, milestone migrate
4     web      run   requires app, wants cache
`

func TestText(t *testing.T) {
	if got := string(New(file(t), nil).Text()); got != wantText {
		t.Errorf("got\n%s", got)
	}
	got := string(New(file(t), map[string]string{"db": "failed"}).Text())
	if !strings.Contains(got, "1     db       run   failed  -\n") || !strings.Contains(got, "1     cache    run   -       -\n") {
		t.Errorf("got\n%s", got)
	}
}

// TestForms holds that each form has all services and edges, and is what it says that it is.
func TestForms(t *testing.T) {
	g := New(file(t), map[string]string{"web": "waiting", "db": "<&\">"})
	var again Graph
	if err := json.Unmarshal(g.JSON(), &again); err != nil || len(again.Edges) != 8 || again.Services[0].Name != "db" {
		t.Errorf("%v, %+v", err, again)
	}
	for form, text := range map[string]string{"dot": string(g.Dot()), "svg": string(g.SVG())} {
		for _, s := range g.Services {
			if !strings.Contains(text, s.Name) {
				t.Errorf("%s does not have %s", form, s.Name)
			}
		}
		if n := strings.Count(text, " -> ") + strings.Count(text, "<title>"); n != len(g.Edges) {
			t.Errorf("%s has %d edges of %d:\n%s", form, n, len(g.Edges), text)
		}
	}
	for d := xml.NewDecoder(strings.NewReader(string(g.SVG()))); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, g.SVG())
		}
	}
}
