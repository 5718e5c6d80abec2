package store

import (
	"testing"

	"supervise/internal/testproc"
)

func TestMain(m *testing.M) { testproc.Main(m) }
