package config

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
)

//go:generate go test -run ^TestReferencePage$ -update .

const referencePage = "../docs/configuration.md"

// TestReferencePage fails when docs/configuration.md is not what the tables say.
func TestReferencePage(t *testing.T) {
	want := writeReference()
	if *update {
		if err := os.WriteFile(referencePage, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(referencePage)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is stale: go generate ./config", referencePage)
	}
}

func writeReference() []byte {
	var b bytes.Buffer
	b.WriteString(`<!-- Generated from the tables of package config: go generate ./config -->

# The configuration file

TOML 1.0. ` + "`supervise check FILE`" + ` reports every mistake in a file, with its line and place and
what was probably meant, and finds what this host does not have for it:
[control.md](control.md#check). Unknown keys are errors. Durations are texts such as "500ms", "10s",
"1h30m"; sizes are texts such as "64KiB", "10MB" or numbers of bytes; signals are names such as
"SIGTERM", "TERM", "SIGRTMIN+3" or numbers from 1 to 64. Environment files are systemd's:
[environment.md](environment.md) says so line by line, and which variables a service gets.

The last column says when a changed value takes effect, after supervise update or a SIGHUP;
update --dry-run says it of the changes at hand. [logs.md](logs.md) is about the log.

| key | takes | default | | a change |
|---|---|---|---|---|
`)
	cell := strings.NewReplacer("|", `\|`, "\n", " ")
	for _, e := range Reference() {
		initial := ""
		if e.Default != "" {
			initial = "`" + cell.Replace(e.Default) + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", cell.Replace(e.Path), cell.Replace(e.Takes), initial, cell.Replace(e.Doc), e.Change)
	}
	return b.Bytes()
}
