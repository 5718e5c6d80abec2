package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"supervise/internal/bench/report"
	"supervise/internal/bench/role"
)

// asBench makes the test binary the bench program.
const asBench = "BENCH_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asBench) != "" || len(os.Args) > 1 && (os.Args[1] == role.Name || os.Args[1] == inside) {
		main()
	}
	os.Exit(m.Run())
}

// command is the bench program, with a directory for its temporary files that is looked at
// afterwards.
func command(t *testing.T, args ...string) (cmd *exec.Cmd, tmp string) {
	t.Helper()
	tmp = t.TempDir()
	cmd = exec.CommandContext(t.Context(), "/proc/self/exe", args...)
	cmd.Env = append(os.Environ(), asBench+"=1", "TMPDIR="+tmp)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd, tmp
}

// TestMeasure runs some tables with true(1) in the place of supervise, as the programs
// measured are not the matter here.
func TestMeasure(t *testing.T) {
	cmd, tmp := command(t, "-quick", "-rounds", "1", "-json", "-only", "startup,realtime,restart", "-supervise", lookPath(t, "true"), "-before", lookPath(t, "true"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &stderr)
	}
	var got report.Report
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	var tables []string
	for _, table := range got.Tables {
		tables = append(tables, table.Name)
	}
	if want := []string{"startup", "realtime", "realtime", "restart"}; !slices.Equal(tables, want) {
		t.Fatalf("tables %q, want %q", tables, want)
	}
	for _, test := range []struct {
		table             int
		row, column, want string // "" is any number above 0
	}{
		{0, bare, "median", ""},
		{0, leastGo, "n", "6"},
		{0, supervise, "n", "6"},
		{0, supervise + before, "n", "6"},
		{1, bare, "arrived", "2000"},
		{1, bare, "payload", "2000"},
		{1, bare, "sender", "2000"},
		{1, bare, "ordered", "2000"},
		{2, bare, "ordered", "20000"},
		{3, forkExec, "young", ""},
	} {
		row := findRow(t, got.Tables[test.table], test.row)
		cell := row.Cells[test.column]
		if test.want != "" && cell.Text != test.want || test.want == "" && (cell.Value == nil || *cell.Value <= 0) {
			t.Errorf("table %d, %s, %s: %+v, want %q (skipped: %q)", test.table, test.row, test.column, cell, test.want, row.Skipped)
		}
	}
	if row := findRow(t, got.Tables[3], superviseRun); row.Skipped == "" {
		t.Errorf("true(1) has run services: %+v", row)
	}
	empty(t, tmp)
}

// TestInterrupted ends the program in the middle, and looks for what it leaves.
func TestInterrupted(t *testing.T) {
	cmd, tmp := command(t, "-only", "latency", "-supervise", lookPath(t, "true"))
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "bench: "+supervise) {
		// The stand-in fails as a wrapper once all have been started.
		t.Log(lines.Text())
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(stderr)
	err = cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(rest), "ended by interrupt") {
		t.Errorf("it ended with %v, and said %q", err, rest)
	}
	empty(t, tmp)
}

// empty fails the test when the directory still has files, or programs in it still run.
func empty(t *testing.T, dir string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil || len(files) > 0 {
		t.Errorf("left in the temporary directory: %v, %v", files, err)
	}
	links, _ := filepath.Glob("/proc/[0-9]*/exe")
	for _, link := range links {
		if file, err := os.Readlink(link); err == nil && strings.HasPrefix(file, dir) {
			t.Errorf("%s still runs", file)
		}
	}
}

func findRow(t *testing.T, table report.Table, name string) report.Row {
	t.Helper()
	for _, row := range table.Rows {
		if row.Name == name {
			return row
		}
	}
	t.Fatalf("table %s has no row %q: %+v", table.Name, name, table)
	return report.Row{}
}

func lookPath(t *testing.T, name string) string {
	t.Helper()
	file, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err)
	}
	return file
}
