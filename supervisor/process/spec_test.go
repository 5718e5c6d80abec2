package process

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// notPortable are the fields of [Spec] that the portable Start cannot honour.
var notPortable = []string{"Mask", "Ignore", "OnlyFiles", "PIDVariables", "Gate", "HasGate"}

// TestEveryFieldIsUsed: both versions of Start read every field of a Spec.
func TestEveryFieldIsUsed(t *testing.T) {
	full, portable := source(t, "start.go", "steps.go"), source(t, "start_portable.go")
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Spec]()) {
		if !strings.Contains(full, "."+field.Name) {
			t.Errorf("Start does not read Spec.%s", field.Name)
		}
		if !strings.Contains(portable, "spec."+field.Name) && !slices.Contains(notPortable, field.Name) {
			t.Errorf("the portable Start does not read Spec.%s", field.Name)
		}
	}
}

func source(t *testing.T, files ...string) (text string) {
	t.Helper()
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text += string(content)
	}
	return text
}
