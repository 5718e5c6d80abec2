package envfile

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// generator is a program of systemd that writes down what stands in the environment files of
// a directory, read as EnvironmentFile= is: environment.d(5). It expands variables too, so
// that there is no $ in this test.
const generator = "/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator"

// otherwise are the texts that are read in another way than by systemd: a comment behind
// quotes; and by systemd before 254, a comment that goes on behind a backslash.
var otherwise = regexp.MustCompile(`['"][ \t]+#|[#;].*\\`)

// TestSystemd compares random texts with what systemd makes of them.
func TestSystemd(t *testing.T) {
	if _, err := os.Stat(generator); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "environment.d", "x.conf")
	if err := os.Mkdir(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	random, compared := rand.New(rand.NewPCG(1, 2)), 0
	for range 200 {
		text := randomText(random)
		if otherwise.MatchString(text) {
			continue
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(generator)
		cmd.Env = []string{"XDG_CONFIG_HOME=" + dir, "SYSTEMD_LOG_LEVEL=crit"}
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		got, err := Parse(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		for _, name := range []string{"A", "B_1"} {
			want, has := generated(string(out), name)
			// Of an empty value the generator makes nothing, unlike EnvironmentFile=.
			if last, given := lastOf(got.Entries, name); last != "" && (last != want || given != has) {
				t.Errorf("%q: %s is %q (%v), to systemd %q (%v)", text, name, last, given, want, has)
			}
		}
		compared++
	}
	if compared < 50 {
		t.Errorf("no more than %d texts were compared", compared)
	}
}

// randomText puts an environment file together of what is special in one.
func randomText(random *rand.Rand) string {
	parts := []string{"A=", "B_1 =", "\n", "\n", " ", "\t", "x", "yz", "=", `"`, `"`, "'", "'", `\`, "\\\n", "#", ";", "`", "\nA=", "\nB_1=\"", "\n# "}
	var b strings.Builder
	b.WriteString("A=")
	for range 1 + random.IntN(14) {
		b.WriteString(parts[random.IntN(len(parts))])
	}
	return b.String()
}

// generated finds a variable in the output of the generator, where values may stand in double
// quotes with the escapes of C in them.
func generated(out, name string) (value string, ok bool) {
	for line := range strings.Lines(out) {
		quoted, found := strings.CutPrefix(strings.TrimSuffix(line, "\n"), name+"=")
		if !found {
			continue
		}
		if !strings.HasPrefix(quoted, `"`) {
			return quoted, true
		}
		quoted = strings.ReplaceAll(quoted, "\\`", "`")
		if _, err := fmt.Sscanf(quoted, "%q", &value); err != nil {
			value = err.Error()
		}
		return value, true
	}
	return "", false
}

func lastOf(entries []string, name string) (value string, ok bool) {
	for _, entry := range slices.Backward(entries) {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value, true
		}
	}
	return "", false
}
