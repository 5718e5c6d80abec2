#!/bin/sh
# github.com/klauspost/compress v1.20.4, zstd: whatever links it computes a CRC-32C table for Snappy at each start, in
# internal/snapref, whether it ever compresses anything or not: zstd can convert Snappy streams. With Go 1.26 that takes
# 0.15 ms on a machine where an empty Go program takes 1.2 ms, and internal/cpuinfo adds CPUID, which a virtual machine
# traps (0.015 ms). The linker drops neither, as both are initialised variables. A command that is run again and again
# notices; supervise answers 'init', 'status' and 'version' before such packages are initialised.
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

import (
	"os"

	"github.com/klauspost/compress/zstd"
)

func main() {
	if len(os.Args) > 1 {
		_, _ = zstd.NewReader(os.Stdin)
	}
}
GO
GOFLAGS=-mod=mod go build -o program . 2>build.log || { cat build.log; exit 1; }
for _ in 1 2 3; do GODEBUG=inittrace=1 ./program 2>trace; grep -E 'snapref|cpuinfo' trace; done
# The table: 8 KiB for the processor's own instruction, and what holds it.
grep -q 'internal/snapref .* 9216 bytes, 3 allocs' trace || { echo "CHANGED: the table is not computed at the start"; exit 1; }
