//go:build linux && (amd64 || arm64)

package process

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestExamine says of a file what a start would say, and nothing where that would succeed.
func TestExamine(t *testing.T) {
	plain := script(t, "plain", "#!/bin/sh\n", 0o644)
	broken := script(t, "broken", "#!/nonexistent/inner\n", 0o755)
	fifo := filepath.Join(t.TempDir(), "fifo")
	dir := t.TempDir()
	if err := syscall.Mkfifo(fifo, 0o755); err != nil {
		t.Fatal(err)
	}
	loop := filepath.Join(dir, "loop")
	if err := os.WriteFile(loop, []byte("#!"+loop+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"/bin/sh":          "",
		"/nonexistent/web": "no such file or directory",
		plain:              "permission denied (nobody may execute it: chmod +x)",
		dir:                "permission denied (it is a directory)",
		fifo:               "permission denied (it is no regular file)",
		plain + "/web":     "not a directory",
		loop:               "",
		broken:             `no such file or directory (the file is there, but not its interpreter "/nonexistent/inner")`,
		script(t, "sh", "#! /bin/sh -e\n", 0o755):               "",
		script(t, "none", "exit\n", 0o755):                      "",
		script(t, "relative", "#!sh\n", 0o755):                  "",
		script(t, "empty", "#!\n", 0o755):                       "",
		script(t, "cr", "#!/bin/sh\r\n", 0o755):                 `no such file or directory (the file is there, but not its interpreter "/bin/sh\r")`,
		script(t, "inner", "#!"+broken+"\n", 0o755):             `no such file or directory (the file is there, but not its interpreter "/nonexistent/inner")`,
		script(t, "refused", "#!"+plain+"\n", 0o755):            `permission denied (its interpreter "` + plain + `" cannot be executed)`,
		script(t, "damaged", "\x7fELF\x02\x01 and more", 0o755): "",
	} {
		if want != "" {
			want = "execve " + file + ": " + want
		}
		if err := Examine(file); err == nil && want != "" || err != nil && err.Error() != want {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
}

// TestExamineLinker takes a program's dynamic linker away.
func TestExamineLinker(t *testing.T) {
	program := unlinked(t)
	at := linkerName(program)
	name := string(program[at : at+2])
	file := script(t, "web", string(program), 0o755)
	err := Examine(file)
	if err == nil || err.(*StartError).Hint == "" || !strings.Contains(err.Error(), `not its dynamic linker "`+name) {
		t.Error(err)
	}
}
