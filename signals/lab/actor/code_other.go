//go:build !(linux && (amd64 || arm64))

package actor

import (
	"fmt"
	"runtime"
)

func functions() (code [5][]byte, err error) {
	return code, fmt.Errorf("there is no actor for %s", runtime.GOARCH)
}
