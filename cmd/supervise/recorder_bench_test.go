package main_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"supervise/internal/testproc"
)

// BenchmarkRecorder starts supervise with twenty services, with the recorder and without in turn, and
// reports medians: until all services run, in ms, and the PSS of supervise a while later, in KiB.
//
//	go test ./cmd/supervise -run '^$' -bench Recorder -benchtime 40x
func BenchmarkRecorder(b *testing.B) {
	const services = 20
	if os.Geteuid() != 0 {
		b.Skip("needs root")
	}
	words := []string{"off", "auto"}
	starts, memory := map[string][]float64{}, map[string][]float64{}
	for b.Loop() {
		for _, recorder := range words {
			start, pss := recorderCost(b, recorder, services)
			starts[recorder], memory[recorder] = append(starts[recorder], start), append(memory[recorder], pss)
		}
	}
	for _, recorder := range words {
		b.ReportMetric(median(starts[recorder]), "ms-start-"+recorder)
		b.ReportMetric(median(memory[recorder]), "KiB-"+recorder)
	}
	b.ReportMetric(median(starts["auto"])/median(starts["off"]), "start-ratio")
	b.ReportMetric(median(memory["auto"])-median(memory["off"]), "KiB-more")
	b.ReportMetric(0, "ns/op")
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// recorderCost is one run of supervise.
func recorderCost(b *testing.B, recorder string, services int) (ms, kib float64) {
	b.Helper()
	dir := b.TempDir()
	config := fmt.Sprintf("[supervisor]\nruntime-dir = %q\nrecorder = %q\n", filepath.Join(dir, "run"), recorder)
	for i := range services {
		config += fmt.Sprintf("[service.s%d]\ncommand = [\"sh\", \"-c\", \"echo up; exec sleep 1000\"]\nlog.mode = \"inherit\"\n", i)
	}
	file := filepath.Join(dir, "services.toml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(entryBuild, "run", "--log-format", "json", "--log-level", "debug", file)
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	began := time.Now()
	testproc.Start(b, cmd)
	up, settled := 0, recorder == "off"
	for lines := bufio.NewScanner(out); (up < services || !settled) && lines.Scan(); {
		if lines.Text() == "up" {
			if up++; up == services {
				ms = float64(time.Since(began).Microseconds()) / 1000
			}
		}
		settled = settled || strings.Contains(lines.Text(), "recorded who sends signals")
	}
	// Memory is given back when all is done, which nothing tells.
	time.Sleep(300 * time.Millisecond)
	kib = pssOf(b, cmd.Process.Pid)
	_ = cmd.Process.Signal(syscall.SIGTERM)
	_ = cmd.Wait()
	return ms, kib
}

// pssOf is the proportional set size of a process in KiB: /proc/PID/smaps_rollup.
func pssOf(b *testing.B, pid int) float64 {
	b.Helper()
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/smaps_rollup")
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "Pss:" {
			kib, _ := strconv.ParseFloat(fields[1], 64)
			return kib
		}
	}
	b.Fatal("no Pss")
	return 0
}
