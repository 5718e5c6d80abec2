#!/bin/sh
# Go 1.26, crypto/rand: whatever imports it, if only through a library, has a variable of 32 MiB, memory for a source of
# random bits (crypto/internal/fips140/drbg). It costs no memory as long as it is not used. But the kernel counts it
# against RLIMIT_DATA and RLIMIT_AS when it executes the program, and if it does not fit, the program ends by SIGSEGV
# without a word. github.com/klauspost/compress/zstd is such a library (it fills skippable frames with random bytes).
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
case $(go version) in *' go1.26'*) ;; *) echo "this is about Go 1.26, and here is $(go version)"; exit 1 ;; esac
cat >go.mod <<MOD
module example
go 1.26
require github.com/klauspost/compress v1.20.4
MOD
cat >main.go <<GO
package main

import "github.com/klauspost/compress/zstd"

func main() { _, _ = zstd.NewReader(nil); println("runs") }
GO
GOFLAGS=-mod=mod go build -o program . 2>build.log || { cat build.log; exit 1; }
go tool nm -size program >symbols
size=$(awk '$4 == "crypto/internal/fips140/drbg.memory" { print $2 }' symbols)
echo "crypto/internal/fips140/drbg.memory: ${size:-none} bytes"
[ "$size" = 33554432 ]
[ "$(./program 2>&1)" = runs ]
status=0
(ulimit -d 32768; exec ./program) >said 2>&1 || status=$?
echo "with RLIMIT_DATA 32 MiB: status $status, it says '$(cat said)'"
[ "$status" = 139 ] && [ ! -s said ]
