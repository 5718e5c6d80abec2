package config

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unsafe"
)

// TestStringsAreOwn: no string of a file is a part of what it was read from.
func TestStringsAreOwn(t *testing.T) {
	file, want := fullFile(), fullFile()
	file.Warnings = []Problem{{Path: "web", Source: "web", Message: "web", Hint: "web"}}
	want.Warnings = file.Warnings
	text := "the text of a file: /x web A 1"
	leaves(reflect.ValueOf(file).Elem(), "File", func(_ string, leaf reflect.Value) {
		if leaf.Kind() == reflect.String {
			if at := strings.Index(text, leaf.String()); at >= 0 {
				leaf.SetString(text[at : at+leaf.Len()])
			}
		}
	})
	file.Services[0].Environment = map[string]string{text[len(text)-3 : len(text)-2]: text[len(text)-1:]}
	ownStrings(file)
	if !reflect.DeepEqual(file, want) {
		t.Errorf("it is not the same file:\n%+v\n%+v", file, want)
	}
	within := func(path string, s string) {
		start, at := uintptr(unsafe.Pointer(unsafe.StringData(text))), uintptr(unsafe.Pointer(unsafe.StringData(s)))
		if len(s) > 0 && start <= at && at < start+uintptr(len(text)) {
			t.Errorf("%s is still a part of the text", path)
		}
	}
	leaves(reflect.ValueOf(file).Elem(), "File", func(path string, leaf reflect.Value) {
		if leaf.Kind() == reflect.String {
			within(path, leaf.String())
		}
	})
	for key := range file.Services[0].Environment {
		within("a key of the environment", key)
	}
}

// BenchmarkOwnStrings is of a file with many services.
func BenchmarkOwnStrings(b *testing.B) {
	file := &File{}
	for i := range 500 {
		s := defaultService(fmt.Sprintf("s%04d", i))
		s.Command = []string{"/usr/bin/program", "argument"}
		file.Services = append(file.Services, s)
	}
	b.ReportAllocs()
	for b.Loop() {
		ownStrings(file)
	}
}
