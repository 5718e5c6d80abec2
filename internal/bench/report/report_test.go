package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"
	"time"

	"supervise/internal/bench/stats"
)

var update = flag.Bool("update", false, "write the golden files anew")

func sample() *Report {
	slow := stats.Rounds{{2, 2.5}, {3}}
	fast := stats.Rounds{{1}, {1}}
	return &Report{
		Machine: Machine{
			Date: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC), Kernel: "6.18.0", CPU: "some CPU", Cores: 2, Go: "go1.26",
			Root: true, Rounds: 2, Seconds: 61.4, NoisePercent: [2]float64{0.25, 12}, LongestPauses: [2]float64{1, 20.5},
		},
		Tables: []Table{
			{
				Name: "startup", Title: "process start to exit, ms",
				Goals: []Goal{
					{Text: "at most 1.25x of fast", Measured: "2.62x"},
					{Text: "at least something", Measured: "5", Met: true},
					{Text: "to be nice"},
				},
				Columns: []Column{{"median", "median"}, {"spread", "p25-p75"}, {"ratio", "of fast"}, {"text", "µs"}},
				Rows: []Row{
					{Name: "fast", Cells: map[string]Cell{
						"median": Median(fast.Summary(), 2), "spread": Spread(fast.Summary(), 2), "ratio": Ratio(1), "text": Text("yes"),
					}},
					{Name: "slow and long", Cells: map[string]Cell{
						"median": Median(slow.Summary(), 2), "spread": Spread(slow.Summary(), 2), "ratio": Ratio(slow.Ratio(fast)), "text": Number(12.34, 1),
					}},
					{Name: "absent", Skipped: "it is not installed"},
					{Name: "half", Cells: map[string]Cell{"ratio": Ratio(0)}},
				},
				Notes: []string{"A note."},
			},
			{Name: "idle", Title: "memory", Skipped: "needs root", Goals: []Goal{{Text: "not shown"}}},
		},
	}
}

func TestText(t *testing.T) {
	var b bytes.Buffer
	if err := sample().Text(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/report.txt", b.Bytes())
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	if err := sample().JSON(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/report.json", b.Bytes())
	var back Report
	if err := json.Unmarshal(b.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if got := back.Tables[0].Rows[1].Cells["median"].Samples; got == nil || got.Count != 3 {
		t.Errorf("the samples came back as %+v", got)
	}
}

// golden compares with a file, or writes it when -update is given.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; go test . -update writes it", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (go test . -update writes it anew); got:\n%s", file, got)
	}
}
