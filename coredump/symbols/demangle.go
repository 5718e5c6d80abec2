package symbols

import (
	"strings"

	"github.com/ianlancetaylor/demangle"
)

// maxMangled is how long a name may be that is demangled; 1<<maxDemangled how long what comes
// out of that: a short name can stand for gigabytes.
const (
	maxMangled   = 4 << 10
	maxDemangled = 12
)

// Demangle returns the name of a function as it is in its source, without parameters, if it is
// a mangled one of C++ or Rust: "web::Server::serve".
func Demangle(name string) string {
	if len(name) > maxMangled || !strings.HasPrefix(name, "_Z") && !strings.HasPrefix(name, "_R") && !strings.HasPrefix(name, "__Z") {
		return name
	}
	return demangle.Filter(name, demangle.NoParams, demangle.NoEnclosingParams, demangle.MaxLength(maxDemangled))
}
