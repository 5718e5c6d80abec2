# `make` lists the targets. Only Go is needed to build and test; the race detector also needs
# a C compiler, and the comparison the programs that it compares.

VERSION  := $(shell git describe --tags --dirty 2>/dev/null)
REVISION := $(shell git rev-parse --short=7 HEAD 2>/dev/null)
LDFLAGS  := -s -w -E=_supervise_entry $(if $(VERSION),-X supervise/internal/release.Version=$(VERSION)) $(if $(REVISION),-X supervise/internal/release.Revision=$(REVISION))
RELEASE  := CGO_ENABLED=0 GOOS=linux go build -trimpath -ldflags "$(LDFLAGS)"
FUZZTIME ?= 30s
BENCH    ?=

.PHONY: help build init build-arm64 test race lint format vet staticcheck exhaustive tidy generate programs man fuzz bench clean

help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1#\2/p' $(MAKEFILE_LIST) | while IFS='#' read -r name text; do printf '  %-12s %s\n' "$$name" "$$text"; done

build: ## bin/supervise for this machine: static, with its own entry point
	$(RELEASE) -o bin/supervise ./cmd/supervise

init: ## bin/supervise-init: only init and the programs that it replaces, for images
	$(RELEASE) -tags slim -o bin/supervise-init ./cmd/supervise

build-arm64: ## bin/supervise-arm64
	GOARCH=arm64 $(RELEASE) -o bin/supervise-arm64 ./cmd/supervise

test: ## all tests
	go test ./...

race: ## all tests under the race detector
	go test -race ./...

lint: format vet staticcheck exhaustive tidy ## all checks of the source: format, vet, staticcheck, exhaustive, tidy

format: ## fail if a file is not as gofumpt writes it
	@files=$$(go tool gofumpt -l .) && if [ -n "$$files" ]; then echo "not gofumpt-clean:"; echo "$$files"; exit 1; fi

vet: ## go vet on both architectures with assembly and on one without
	GOOS=linux GOARCH=amd64 go vet ./...
	GOOS=linux GOARCH=arm64 go vet ./...
	GOOS=linux GOARCH=riscv64 go vet ./...

staticcheck: ## staticcheck
	go tool staticcheck ./...

# A default does not make up for a value that a switch does not name. A switch that is partial
# on purpose says //exhaustive:ignore, below a comment with the reason. Left out are types
# whose values are the kernel's or the standard library's, or numbers with one special value.
exhaustive: ## fail if a switch or a map over an enumeration does not name every value
	go tool exhaustive -check=switch,mapliteral \
		-typeignore='^(syscall\.Errno|reflect\.Kind|time\.Duration|supervise/signals\.(Signal|Set|Code)|supervise/coredump(\.Specifier|/settings\.Setting)|supervise/supervisor/machine\.ServiceID)$$' ./...

tidy: ## fail if go.mod or go.sum is not tidy
	go mod tidy -diff

generate: ## rewrite generated files
	go generate ./...

programs: build ## docs/programs.md, measured with the real programs: as root on Debian with npm
	internal/programs/measure.sh bin/supervise >bin/programs.md
	internal/programs/profiles.sh bin/supervise >>bin/programs.md
	mv bin/programs.md docs/programs.md

man: ## docs/man, the manual pages, from the descriptions of the commands
	go generate ./cmd/supervise

fuzz: ## run each fuzz target for FUZZTIME
	@grep -rE --include='*_test.go' -o '^func Fuzz[A-Za-z0-9_]*' . | sort | while IFS=: read -r file func; do \
		target=$${func#func }; package=$$(dirname "$$file"); echo "$$package $$target"; \
		go test -run='^$$' -fuzz="^$$target\$$" -fuzztime=$(FUZZTIME) "$$package" </dev/null || exit 1; \
	done

bench: ## Go benchmarks, then the comparison with other programs: BENCH="--quick --only startup"
	go test -run='^$$' -bench=. -benchmem ./...
	go run ./internal/bench $(BENCH)

clean: ## remove what was built
	rm -rf bin
