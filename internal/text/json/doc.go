// Package json reads JSON where encoding/json is not initialised yet: what runs before the
// rest of the program, see package first. It reads what this program writes itself. Of
// the rest of JSON it says that it cannot, which is no error: who asks then goes the usual
// way.
package json
