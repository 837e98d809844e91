# syncer. "make" lists the targets. All need Go, git and make, "make test" also curl, and build what else they need.

GO      ?= go
# How users build: the demo takes from Go's cache what "make build" has compiled.
BUILD   := CGO_ENABLED=0 $(GO) build -trimpath
# The race detector needs a C compiler; without one the tests run without it, and say so.
RACE    := $(shell command -v $${CC:-cc} >/dev/null 2>&1 && echo -race)
# The real forge needs one too: without it the tests on the forge are left out, and "make test" names them.
FORGE   := $(if $(RACE),required,off)
# Tests in a browser need Chromium: without it they are left out too, and named.
BROWSER := $(if $(or $(CHROMIUM),$(shell command -v chromium || command -v chromium-browser || command -v google-chrome)),required,off)
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)

GOFUMPT     := $(GO) run mvdan.cc/gofumpt@v0.9.2
STATICCHECK := $(GO) run honnef.co/go/tools/cmd/staticcheck@v0.7.0
ERRORLINT   := $(GO) run codeberg.org/polyfloyd/go-errorlint@v1.9.0
# Newer ones need a newer Go than go.mod names.
GORELEASER  := $(GO) run github.com/goreleaser/goreleaser/v2@v2.15.2
GOCYCLO     := $(GO) run github.com/fzipp/gocyclo/cmd/gocyclo@v0.6.0

# The linters that "make check" runs. Each is a target of its own: "make width".
LINT :=
LINT += staticcheck
LINT += rules
LINT += errorlint
LINT += cyclo
LINT += width

# Every fuzz target, as PACKAGE:NAME; a test compares the list with the code. "make fuzz" runs them one after the other,
# those of FUZZ alone with "make fuzz FUZZ=internal/git:FuzzTrailer".
FUZZTIME     ?= 10m
FUZZPARALLEL ?= 1
FUZZ :=
FUZZ += internal/apply/wire:FuzzRead
FUZZ += internal/capacity:FuzzPrices
FUZZ += internal/capacity/aks:FuzzError
FUZZ += internal/capacity/retail:FuzzPrices
FUZZ += internal/config:FuzzFound
FUZZ += internal/derive:FuzzConfig
FUZZ += internal/derive:FuzzHeader
FUZZ += internal/derive:FuzzIndex
FUZZ += internal/diag:FuzzEscapeAzure
FUZZ += internal/diag:FuzzEscapeCommit
FUZZ += internal/diag:FuzzEscapeGitHub
FUZZ += internal/diag:FuzzEscapeJSON
FUZZ += internal/diag:FuzzEscapeLabel
FUZZ += internal/diag:FuzzEscapeLines
FUZZ += internal/diag:FuzzEscapeMarkdown
FUZZ += internal/diag:FuzzEscapeText
FUZZ += internal/diag:FuzzEscapeURI
FUZZ += internal/diag:FuzzLog
FUZZ += internal/diag:FuzzSprintf
FUZZ += internal/diag:FuzzWrite
FUZZ += internal/diag:FuzzWriteYAML
FUZZ += internal/diff:FuzzFields
FUZZ += internal/git:FuzzSignedCommit
FUZZ += internal/git:FuzzTrailer
FUZZ += internal/git/advert:FuzzCheck
FUZZ += internal/git/pack:FuzzReadPack
FUZZ += internal/git/revision:FuzzParseRevision
FUZZ += internal/git/signature:FuzzForge
FUZZ += internal/git/signature:FuzzSigners
FUZZ += internal/git/signature:FuzzVerify
FUZZ += internal/git/smarthttp:FuzzAnswer
FUZZ += internal/git/worktree:FuzzIgnored
FUZZ += internal/git/worktree:FuzzIndex
FUZZ += internal/hub:FuzzLook
FUZZ += internal/modelconfig:FuzzConfig
FUZZ += internal/plan/markdown:FuzzMarkdown
FUZZ += internal/podpolicy:FuzzJudge
FUZZ += internal/preset:FuzzPreset
FUZZ += internal/publicurl:FuzzFault
FUZZ += internal/redact:FuzzObject
FUZZ += internal/redact:FuzzText
FUZZ += internal/render:FuzzPatch
FUZZ += internal/render/kustomize:FuzzBuildFolder
FUZZ += internal/render/kustomize:FuzzCheck
FUZZ += internal/review/azuredevops:FuzzAnswer
FUZZ += internal/review/forgehttp:FuzzLimit
FUZZ += internal/review/gitea:FuzzAnswer
FUZZ += internal/review/github:FuzzAnswer
FUZZ += internal/review/gitlab:FuzzAnswer
FUZZ += internal/review/gitlab:FuzzPlain
FUZZ += internal/review/webhook:FuzzWebhook
FUZZ += internal/reviewed:FuzzRecord
FUZZ += internal/sops:FuzzParse
FUZZ += internal/status:FuzzCapacityReadBack
FUZZ += internal/status:FuzzFiles
FUZZ += internal/status:FuzzReadBack
FUZZ += internal/status/message:FuzzMessage
FUZZ += internal/status/fields:FuzzRead
FUZZ += internal/status/verbatim:FuzzRead
FUZZ += internal/status/verbatim:FuzzWrite
FUZZ += internal/strictyaml:FuzzDecode
FUZZ += internal/strictyaml:FuzzParser
FUZZ += internal/workspace/load:FuzzAllowed
FUZZ += internal/workspace/load:FuzzIgnoreFile
FUZZ += internal/workspace/load:FuzzLoad

# The simulation: the kinds of worlds, steps of the first kind (the other has half of them), the first seed, and how many
# seeds; 0 is as many as the steps need.
WORLDS ?= Simulation|Divided
STEPS ?= 1000000
SEED  ?= 0
SEEDS ?= 0
# How often make bench pushes a change, and changes an object by hand, in a fleet. The goal speaks of 1,000 times.
TIMES ?= 20
# How long make soak runs, without its start and its way to rest.
DURATION ?= 10m

.DEFAULT_GOAL := help

.PHONY: help racing demo cluster test build docs devcluster optimised gitea check lint staticcheck rules errorlint cyclo width fmt generate bench benchsmall fuzz simulate soak imagedata image snapshot notices clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## the main job, end to end, on real parts; KEEP=1 leaves it running
	@$(BUILD) -o bin/demo ./internal/demo && exec bin/demo

cluster: ## a cluster to install syncer in, by docs/first-fleet.md
	@$(BUILD) -o bin/demo ./internal/demo && exec bin/demo cluster

test: devcluster $(if $(RACE),gitea) ## all tests
	@[ -n "$(RACE)" ] || echo "no C compiler: the race detector is off" >&2
	SYNCER_GITEA=$${SYNCER_GITEA:-$(FORGE)} SYNCER_CHROMIUM=$${SYNCER_CHROMIUM:-$(BROWSER)} \
		$(GO) test $(RACE) -timeout 40m ./...
	$(GO) -C devcluster test ./kubelet/...
	$(GO) -C internal/app/monitoring/promql test -count 1 ./... # the queries lie outside of the module
	@[ "$${SYNCER_GITEA:-$(FORGE)}" = required ] || { \
		echo "left out: the tests on a real forge. To add them, install a C compiler, and run: make gitea test"; \
		grep -rhoE --include='*_test.go' '^func TestGitea\w*' internal | sed 's/^func /  /'; } >&2
	@[ "$${SYNCER_CHROMIUM:-$(BROWSER)}" = required ] || { \
		echo "left out: the tests in a browser. To add them, install Chromium, on Debian by: apt-get install chromium"; \
		grep -rhoE --include='*_test.go' '^func TestChromium\w*' internal | sed 's/^func /  /'; } >&2

build: ## bin/syncer, static and stripped
	$(BUILD) -ldflags "-s -w -X syncer.dev/syncer/internal/version.version=$(VERSION)" -o bin/syncer ./cmd/syncer

docs: ## bin/site, the documentation as a site that needs no server
	@[ -x bin/hugo ] || echo "building Hugo from source, once: about three minutes of CPU time" >&2
	@CGO_ENABLED=0 $(GO) -C site build -gcflags 'all=-dwarf=false' -ldflags '-s -w' -o ../bin/hugo github.com/gohugoio/hugo
	@$(GO) run ./internal/docsite stage bin/site.source
	@rm -rf bin/site
	bin/hugo --panicOnWarning --noBuildLock --source bin/site.source --destination "$(CURDIR)/bin/site"
	@$(GO) run ./internal/docsite check bin/site

devcluster: ## bin/devcluster, unless it is up to date
	@devcluster/build

# The variant for measurements: compiled with optimisation, which takes longer.
optimised:
	@devcluster/build optimised

gitea: ## bin/gitea, a real forge for tests and the demo, unless it is up to date
	@gitea/build

check: lint ## format, vet, the linters, and that go.mod is tidy
	@unformatted="$$($(GOFUMPT) -l cmd internal presets devcluster gitea)"; [ -z "$$unformatted" ] || { echo "not formatted (make fmt):"; echo "$$unformatted"; exit 1; }
	$(GO) vet ./...
	$(GO) -C devcluster vet ./kubelet/... ./cmd/...
	$(GO) -C internal/app/monitoring/promql vet ./...
	@$(GO) mod tidy -diff
	@$(GO) -C devcluster mod tidy -diff
	@$(GO) -C internal/app/monitoring/promql mod tidy -diff
	@$(GO) -C gitea mod tidy -diff
	@$(GO) -C site mod tidy -diff
	@[ -z "$(RACE)" ] || gitea/build vet

lint: $(LINT) ## the linters alone

staticcheck: ## mistakes and what is obsolete or unused
	$(STATICCHECK) ./...

rules: ## the rules that are tests: who imports whom, and the words of comments, messages and documents
	$(GO) test ./internal/archtest

errorlint: ## errors are wrapped by %w and compared by errors.Is and errors.As
	$(ERRORLINT) ./...

cyclo: ## no function outside tests has a cyclomatic complexity above 20
	$(GOCYCLO) -over 20 -ignore 'testdata|_test\.go' .

width: ## no line of Go is longer than 120 columns; a tab counts as one
	@! LC_ALL=C.UTF-8 grep -rnE --include='*.go' --exclude-dir=testdata '^.{121,}' cmd internal presets devcluster gitea

fmt: ## format all code
	$(GOFUMPT) -w cmd docs internal presets devcluster gitea

generate: ## refresh golden files and generated documentation
	$(GO) test ./internal/app/monitoring ./internal/capacity ./internal/config ./internal/diag ./internal/modelconfig \
		./internal/workspace/load ./internal/workspace/kaitokeys ./internal/status ./internal/plan ./internal/desired -update
	$(GO) test ./internal/install -run TestDeploy -update
	$(GO) test ./internal/render -run 'TestGolden|TestEveryPreset|TestBuiltIn' -update
	$(GO) test ./internal/archtest -run 'TestWords|TestArchitecture' -update
	$(GO) test ./internal/release/notices -update
	$(GO) test ./internal/cli ./internal/cli/answer ./internal/cli/scaffold ./internal/cli/schema -update

racing: ## two writers on one status branch that commit 1,000 times each and shorten its history, with nothing lost
	$(GO) test ./internal/git -run TestTwoWritersShorten -timeout 30m -v -racing 1000

imagedata: ## what the pinned image takes, from its sources: make imagedata KAITO=PATH@TAG VLLM=PATH@TAG ...
	python3 internal/imagespec/generate.py --kaito $(KAITO) --vllm $(VLLM) --transformers $(TRANSFORMERS) \
		--peft $(PEFT) --trl $(TRL) --out internal/imagespec/data

bench: optimised ## the benchmarks, as ratios to a limit or a peer in the same run, against bench/ranges.yaml; writes bench/results.json
	@SYNCER_BENCH_TIMES=$(TIMES) $(GO) run ./internal/bench/report -check ./internal/git ./internal/render ./internal/capacity/... ./internal/apply \
		./internal/app/... ./internal/engine ./internal/reconcile

benchsmall: ## the small sizes of the loop, against bench/ranges.yaml; writes bench/results.json
	@$(GO) run ./internal/bench/report -small -check -bench Loop -benchtime 1x ./internal/app

fuzz: ## each fuzz target for FUZZTIME; prints its executions, and the last words of one that finds something
	@mkdir -p bin/fuzz; failed=0; for t in $(FUZZ); do \
		log=bin/fuzz/$$(echo "$$t" | tr /: ..).log; status=0; \
		$(GO) test "./$${t%:*}" -run '^$$' -fuzz "^$${t#*:}\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1s \
			-parallel $(FUZZPARALLEL) >"$$log" 2>&1 || status=1; \
		echo "$$t: $$(sed -n 's/.*execs: \([0-9]*\) .*/\1/p' "$$log" | tail -n 1) executions"; \
		[ $$status = 0 ] || { failed=1; tail -n 40 "$$log"; }; \
	done; exit $$failed

simulate: ## the loop against a world that fails, for STEPS steps from SEED on; a seed that fails prints how to replay it
	$(GO) test ./internal/simulate -run '^Test($(WORLDS))$$' -count 1 -timeout 0 -v \
		-args -steps $(STEPS) -seed $(SEED) -seeds $(SEEDS)

image: ## the container image, to IMAGE: a reference with a tag is pushed, a name *.tar is an OCI archive
	@[ -n "$(IMAGE)" ] || { echo "name the image: make image IMAGE=registry.example.com/syncer:v0.1.0" >&2; exit 2; }
	$(GO) run ./internal/release -version "$(VERSION)" image $(IMAGE)

snapshot: ## what a release consists of, into dist: nothing is signed or published
	$(GORELEASER) check
	$(GORELEASER) release --snapshot --clean --skip=sign,publish

notices: ## THIRD_PARTY_NOTICES, the licences of what the program links
	$(GO) test ./internal/release/notices -update

soak: optimised ## the real syncer among pushes, drifts, faults and kills for DURATION; fails if it grows or does not come to rest
	$(GO) run ./internal/soak -duration $(DURATION)

clean:
	rm -rf bin
