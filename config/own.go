package config

import (
	"reflect"
	"slices"
	"strings"
)

// ownStrings gives a file strings of its own. As they were read they are parts of the text, or of
// the TOML library's copy of it, and each would keep the whole in memory. Those that are equal
// share their memory: services have much in common.
func ownStrings(file *File) {
	o := owner{copies: make(map[string]string, len(file.Services)), fields: map[reflect.Type][]int{}}
	o.own(reflect.ValueOf(file).Elem())
}

// owner copies the strings of a value.
type owner struct {
	copies map[string]string
	fields map[reflect.Type][]int // of a struct, those that can have strings in them
}

func (o owner) copy(s string) string {
	c, ok := o.copies[s]
	if !ok {
		c = strings.Clone(s)
		o.copies[c] = c
	}
	return c
}

// stringy returns the fields of a struct that can have strings in them.
func (o owner) stringy(t reflect.Type) []int {
	fields, ok := o.fields[t]
	if !ok {
		for i := range t.NumField() {
			if o.canHave(t.Field(i).Type) {
				fields = append(fields, i)
			}
		}
		o.fields[t] = fields
	}
	return fields
}

// canHave reports whether a type can have strings in it. Nothing has pointers to such.
func (o owner) canHave(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String:
		return true
	case reflect.Struct:
		return len(o.stringy(t)) > 0
	case reflect.Slice:
		return o.canHave(t.Elem())
	case reflect.Map:
		return o.canHave(t.Key()) || o.canHave(t.Elem())
	}
	return false
}

func (o owner) own(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if v.Len() > 0 {
			v.SetString(o.copy(v.String()))
		}
	case reflect.Struct:
		for _, i := range o.stringy(v.Type()) {
			o.own(v.Field(i))
		}
	case reflect.Slice:
		if list, ok := v.Addr().Interface().(*[]string); ok {
			*list = slices.Clone(*list) // all next to each other, without what was only for reading
		}
		for i := range v.Len() {
			o.own(v.Index(i))
		}
	case reflect.Map:
		o.ownMap(v)
	}
}

// ownMap replaces a map: its keys cannot be changed, nor its values in place.
func (o owner) ownMap(v reflect.Value) {
	if v.Len() == 0 {
		return
	}
	all := reflect.MakeMapWithSize(v.Type(), v.Len())
	key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
	for each := v.MapRange(); each.Next(); {
		key.Set(each.Key())
		value.Set(each.Value())
		o.own(key)
		o.own(value)
		all.SetMapIndex(key, value)
	}
	v.Set(all)
}
