package machine

import (
	"strings"
	"testing"

	"supervise/config"
)

// TestExitWith plays what happens to three services, and says with which status that has the
// machine finish; "-" for what it goes on after.
func TestExitWith(t *testing.T) {
	start := []string{"boot", "spawned web 1", "spawned db 2", "spawned job 3"}
	for name, test := range map[string]struct {
		with, want string
		events     []string
	}{
		"never":                             {"", "-", []string{"exited web code 0", "exited db code 0", "exited job code 0"}},
		"it is done":                        {"web", "0", []string{"exited web code 0", "exited db code 0", "exited job code 0"}},
		"the others are stopped first":      {"web", "-", []string{"exited web code 0"}},
		"another is done":                   {"web", "-", []string{"exited job code 0"}},
		"it has failed":                     {"web", "3", []string{"exited web code 3", "exited db code 0", "exited job code 0"}},
		"it is killed":                      {"web", "137", []string{"exited web signal 9", "exited db code 0", "exited job code 0"}},
		"it is done by a signal":            {"web", "143", []string{"exited web signal 15", "exited db code 0", "exited job code 0"}},
		"it is restarted":                   {"db", "-", []string{"exited db code 3"}},
		"it is restarted, and done":         {"db", "0", []string{"exited db code 3", "tick", "spawned db 4", "exited db code 0", "exited web code 0", "exited job code 0"}},
		"it is stopped":                     {"web", "-", []string{"stop web", "exited web code 0"}},
		"it is stopped, done before":        {"web", "-", []string{"stop web", "exited web code 0", "exited job code 0", "exited db code 0"}},
		"it is restarted by command":        {"web", "-", []string{"restart web", "exited web code 0", "spawned web 4"}},
		"it is removed":                     {"web", "-", []string{"remove web", "exited web code 0"}},
		"a shutdown is none of its matter":  {"web", "0", []string{"shutdown", "exited web code 3", "exited db code 0", "exited job code 0"}},
		"a second signal leaves the status": {"web", "3", []string{"exited web code 3", "shutdown-now", "exited db signal 9", "exited job signal 9"}},
		"survivors are waited for":          {"web", "-", []string{"exited web code 3 survivors"}},
		"all, not yet":                      {"all", "-", []string{"exited web code 0", "exited db code 0"}},
		"all are done":                      {"all", "0", []string{"exited db code 0", "exited web code 0", "exited job code 0"}},
		"all are done, one by a signal":     {"all", "0", []string{"exited web signal 15", "exited db code 0", "exited job code 0"}},
		"all, one has failed":               {"all", "4", []string{"exited job code 4", "exited web code 0", "exited db code 0"}},
		"all, two have failed":              {"all", "3", []string{"exited job code 4", "exited web code 3", "exited db code 0"}},
		"all, one is stopped":               {"all", "-", []string{"stop db", "exited db code 0", "exited web code 0", "exited job code 0"}},
		"all, one waits for its restart":    {"all", "-", []string{"exited db code 3", "exited web code 0", "exited job code 0"}},
		"any, one is done":                  {"any-failed", "-", []string{"exited job code 0"}},
		"any has failed":                    {"any-failed", "4", []string{"exited job code 4", "exited web code 0", "exited db code 0"}},
		"any, one is restarted":             {"any-failed", "-", []string{"exited db code 4"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript()
			for _, service := range []string{"web", "db", "job"} {
				spec := testService(service)
				if service != "db" {
					spec.Restart.Policy = config.Never
				}
				s.file.Services = append(s.file.Services, spec)
			}
			s.file.Supervisor.ExitWith = test.with
			got, told := "-", false
			for _, event := range append(start, test.events...) {
				if _, err := s.line("at +1s " + event); err != nil {
					t.Fatal(err)
				}
				for _, a := range s.actions {
					told = told || a.Note.Kind == ExitsWith
					if a.Kind == Finish {
						got = strings.TrimPrefix(strings.TrimPrefix(a.Text(""), "finish"), " with status ")
						if got == "" {
							got = "0"
						}
					}
				}
			}
			if got != test.want {
				t.Errorf("it finishes with %s, want %s", got, test.want)
			}
			if restored, err := Restore(s.m.file, s.m.Save()); err != nil || restored.shutdown.status != s.m.shutdown.status {
				t.Errorf("the status is not saved: %v", err)
			}
			if s.m.shutdown.status != 0 && !told {
				t.Error("nobody is told why")
			}
		})
	}
}

// TestExitWithUnspawned exits as a shell does when there is nothing to execute.
func TestExitWithUnspawned(t *testing.T) {
	s := newScript()
	s.file.Services = append(s.file.Services, testService("web"))
	s.file.Supervisor.ExitWith = "web"
	var last Action
	for _, event := range []string{"boot", "spawn-failed web permanent execve: no such file or directory"} {
		if _, err := s.line("at +1s " + event); err != nil {
			t.Fatal(err)
		}
		last = s.actions[len(s.actions)-1]
	}
	if last.Kind != Finish || last.Status != 127 {
		t.Errorf("it ends with %+v", last)
	}
}
