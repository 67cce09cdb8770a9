# Berth: `make help` lists what can be made.

# A Go that was unpacked where its own instructions say is found without a login.
export PATH := $(PATH):/usr/local/go/bin
GO ?= go
LINT_VERSION := v2.15.0
LINT := .cache/golangci-lint-$(LINT_VERSION)/golangci-lint
FUZZTIME ?= 20s
N ?= 300
TOOL_TARGETS := linux-amd64 linux-arm64 windows-amd64 darwin-amd64 darwin-arm64

# The revision is recorded by Go itself, where this tree is a repository that
# git can read; elsewhere (an archive, another user's tree) there is none.
STAMP := $(shell git rev-parse -q --verify HEAD >/dev/null 2>&1 && \
	[ "$$(git rev-parse --show-toplevel)" = "$$(pwd -P)" ] && echo true || echo false)
BUILD := GOFIPS140=certified $(GO) build -trimpath -buildvcs=$(STAMP)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo demo-live build tools test race fips crash rack rack-shell mutants lint lint-tool bench fuzz deps clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: deps build ## install what is missing, build, and run the main job in ./demo
	bin/berth demo --dir ./demo --once

demo-live: deps build ## the same, and keep the station up to dock folders of your own
	bin/berth demo --dir ./demo

build: ## build the station's program, bin/berth
	$(BUILD) -o bin/berth ./cmd/berth

tools: $(TOOL_TARGETS:%=bin/berth-open-%) ## build berth-open for the agency's side: Linux, Windows, macOS

# One static program for each system; make builds them anew each time, Go knows what changed.
.PHONY: $(TOOL_TARGETS:%=bin/berth-open-%)
$(TOOL_TARGETS:%=bin/berth-open-%): bin/berth-open-%:
	CGO_ENABLED=0 GOOS=$(word 1,$(subst -, ,$*)) GOARCH=$(word 2,$(subst -, ,$*)) \
		$(BUILD) -ldflags=-s -o $@$(if $(findstring windows,$*),.exe) ./cmd/berth-open

test: deps ## install what is missing and run the whole test suite
	$(GO) test -timeout 10m ./...

race: deps ## the test suite with the race detector
	$(GO) test -race -timeout 20m ./...

fips: deps ## the test suite with nothing but FIPS 140-3 approved cryptography
	GODEBUG=fips140=only $(GO) test -count=1 -timeout 10m ./...

mutants: deps ## delete each guard, one at a time, and show that a test fails
	$(GO) run ./cmd/internal/mutants

crash: deps ## kill the real program N (300) times, cut its disks' power N times, flip bits below it
	BERTH_CRASH=$(N) $(GO) test -count=1 -v -parallel 4 -timeout 8h ./cmd/internal/crash

rack: deps ## dock emulated cameras at real USB ports of a guest under QEMU; some: RACK="-run keyboard"
	@.ci/rack-tools
	$(GO) run ./usb/rack/cmd $(RACK)

rack-shell: deps ## boot that guest, with cameras in its bays, to play in
	@.ci/rack-tools
	$(GO) run ./usb/rack/cmd -shell $(RACK)

lint: lint-tool ## gofmt, vet, staticcheck and the import rules of .golangci.yml
	$(LINT) run ./...
	$(LINT) fmt --diff

lint-tool: $(LINT)
$(LINT):
	@echo "building golangci-lint $(LINT_VERSION) into $(@D), which takes some minutes once"
	GOBIN=$(CURDIR)/$(@D) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)

bench: deps ## compare with real tools, which it installs; small: BENCH="-size 512"
	@.ci/bench-tools
	@mkdir -p .cache # on the tree's disk; the system's directory for scratch may lie in memory
	$(GO) run ./cmd/internal/bench -dir .cache $(BENCH)

fuzz: ## fuzz every fuzz target for FUZZTIME (20s)
	@set -e; for dir in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -r dirname | sort -u); do \
		for target in $$($(GO) test -list '^Fuzz' $$dir | grep '^Fuzz'); do \
			echo "fuzz $$dir $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$dir; \
		done; \
	done

deps: ## say what this machine lacks to build and test, and install it
	@.ci/deps

clean: ## remove what was built, the demo and the linter
	rm -rf bin demo .cache
