package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"supervise/coredump/order"
	"supervise/coredump/report"
)

// metaVersion is the version of meta.json that this package writes. It changes when an older
// supervise would misunderstand it; members that it does not know do no harm.
const metaVersion = 1

// maxMeta is the most that is read of a meta.json, and written to it.
const maxMeta = 32 << 20

// meta is meta.json. What the store needs of every entry comes first, so that it need not read
// the rest.
type meta struct {
	Store notes `json:"store"`
	report.Report
}

// notes are what the store notes of an entry.
type notes struct {
	Version int       `json:"version"`
	Service string    `json:"service"`
	Time    time.Time `json:"time"` // when it was begun

	// The clock can be set. Within one boot, age is by the time since it.
	Boot   string        `json:"boot,omitempty"` // /proc/sys/kernel/random/boot_id
	Uptime time.Duration `json:"uptime,omitempty"`

	Private  bool              `json:"private,omitempty"`
	Reader   int               `json:"reader,omitempty"` // uid of who may read it beside its owner
	Compress order.Compression `json:"compress,omitempty"`
	Pack     string            `json:"pack,omitempty"` // what core.zst is: "zstd"
}

// encode writes a meta.json, without threads beyond what fits.
func (m *meta) encode() ([]byte, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	if len(text) > maxMeta {
		fit := *m
		fit.Threads = m.Threads[:min(len(m.Threads), 16)]
		fit.Environment, fit.Modules = nil, m.Modules[:min(len(m.Modules), 4096)]
		fit.Problems = append([]string{"the report was too large: threads, modules and the environment were left out"}, m.Problems[:min(len(m.Problems), 16)]...)
		if text, err = json.Marshal(&fit); err == nil && len(text) > maxMeta {
			return nil, fmt.Errorf("the report has %d bytes", len(text))
		}
	}
	return append(text, '\n'), err
}

// decode reads a meta.json, of any version: of a newer one what is known of it.
func decode(text []byte) (m meta, err error) {
	if err := json.Unmarshal(text, &m); err != nil {
		head, e := decodeNotes(text)
		if e == nil && head.Version > metaVersion {
			return meta{Store: head, Report: report.Report{Service: head.Service, Time: head.Time}}, nil
		}
		return meta{}, fmt.Errorf("%s cannot be read: %w", metaName, err)
	}
	return m, m.check()
}

// check refuses what no supervise writes.
func (m *meta) check() error {
	switch {
	case m.Store.Version < 1:
		return errors.New(metaName + " is not one of supervise: it has no version")
	case m.Core.Size < 0, m.Core.Stored.Stored < 0, m.Mini.Size < 0, m.Mini.Stored < 0:
		return errors.New(metaName + " has a size below 0")
	}
	return nil
}

// decodeNotes reads what a meta.json begins with. The text may end after that.
func decodeNotes(text []byte) (n notes, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	for _, want := range []json.Token{json.Delim('{'), "store"} {
		if got, err := d.Token(); err != nil || got != want {
			return n, errors.New(metaName + " is not one of supervise")
		}
	}
	if err := d.Decode(&n); err != nil {
		return n, fmt.Errorf("%s cannot be read: %w", metaName, err)
	}
	if n.Version < 1 {
		return n, errors.New(metaName + " is not one of supervise: it has no version")
	}
	return n, nil
}
