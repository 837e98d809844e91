# syncer. "make demo" shows the main job, "make test" runs all tests. Both need Go, git and make, and build what else they need.

GO      ?= go
# The race detector needs a C compiler; without one the tests run without it, and say so.
RACE    := $(shell command -v $${CC:-cc} >/dev/null 2>&1 && echo -race)
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)

GOFUMPT     := $(GO) run mvdan.cc/gofumpt@v0.9.2
STATICCHECK := $(GO) run honnef.co/go/tools/cmd/staticcheck@v0.7.0

.PHONY: demo test build devcluster check fmt generate bench clean

demo: ## the main job, end to end, on real parts
	@$(GO) run ./internal/demo

test: devcluster ## all tests
	@[ -n "$(RACE)" ] || echo "no C compiler: the race detector is off" >&2
	$(GO) test $(RACE) -timeout 20m ./...
	$(GO) -C devcluster test ./kubelet/...

build: ## bin/syncer
	$(GO) build -ldflags "-X main.version=$(VERSION)" -o bin/syncer ./cmd/syncer

devcluster: ## bin/devcluster, unless it is up to date
	@devcluster/build

check: ## format, vet, staticcheck, and that generated files are up to date
	@unformatted="$$($(GOFUMPT) -l cmd internal presets devcluster)"; [ -z "$$unformatted" ] || { echo "not formatted (make fmt):"; echo "$$unformatted"; exit 1; }
	$(GO) vet ./...
	$(GO) -C devcluster vet ./kubelet/... ./cmd/...
	$(STATICCHECK) ./...
	@$(GO) mod tidy -diff
	@$(GO) -C devcluster mod tidy -diff

fmt: ## format all code
	$(GOFUMPT) -w cmd internal presets devcluster

generate: ## refresh golden files and generated documentation
	$(GO) test ./internal/config ./internal/render ./internal/workspace ./internal/status ./internal/plan -update
	$(GO) test ./cmd/syncer -run 'TestScripts|TestSchema' -update

bench: devcluster ## the benchmarks, as ratios to a limit or a peer in the same run; writes bench/results.json
	@$(GO) run ./internal/bench/report ./internal/git ./internal/render ./internal/capacity/... ./internal/apply

clean:
	rm -rf bin
