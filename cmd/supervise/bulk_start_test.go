package main_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestRunManyDescriptors starts hundreds of services, of which supervise holds more descriptors
// than it needs for those that it is just starting. No service has any of these, and none has
// begun with room for all of them, as it does when it is started with a copy of the table: FDSize
// of proc_pid_status(5).
func TestRunManyDescriptors(t *testing.T) {
	t.Parallel()
	const services, most = 300, 256
	var config strings.Builder
	for i := range services {
		fmt.Fprintf(&config, "[service.s%d]\ncommand = [\"sh\", \"-c\", \"ls /proc/$$/fd; sed -n 's/^FDSize://p' /proc/$$/status\"]\nrestart.policy = \"never\"\n", i)
	}
	s := start(t, entryBuild, config.String())
	for range services {
		s.await("a service is over", func(l line) bool { return strings.Contains(l.Message, "completed") })
	}
	lines := s.stop(t, syscall.SIGTERM)
	large := 0
	for i := range services {
		name := "s" + strconv.Itoa(i)
		got := written(lines, name)
		if len(got) != 4 || !slices.Equal(got[:3], []string{"0", "1", "2"}) {
			t.Fatalf("%s has the descriptors, and the room, %q", name, got)
		}
		if room, err := strconv.Atoi(strings.TrimSpace(got[3])); err != nil || room > most {
			large++
		}
	}
	if large > services/4 {
		t.Errorf("%d of %d services have room for more than %d descriptors", large, services, most)
	}
}
