# The commands of this repository. `make` alone lists them.

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X gas/pkg/cli.version=$(VERSION)
BIN     := bin/gas
RACE    := bin/gas-race

# Three packages at a time: houses on emulators of AWS wait more than they compute, so that two leave a core idle; more would need memory, for a test binary
# with the race detector takes 1.5 GB to link, and some tests measure time. Six tests of a package at a time where they say so.
TESTFLAGS ?= $(RACEFLAGS) -p 3 -parallel 6 -timeout 20m
# What was translated from C is not checked for the alignment of its pointers: that takes a fifth of the time of what writes to SQLite. SQLite itself is not
# checked for races either, a third of that time: its memory is outside of Go's heap, where the race detector sees nothing. Its driver and what calls it are.
RACEFLAGS := -race -gcflags=modernc.org/...=-d=checkptr=0 -gcflags=modernc.org/sqlite/lib=-race=false
# Else every program with the race detector waits a second at its exit.
GORACE    ?= atexit_sleep_ms=0
PKG       ?= ./...
# Whoever takes longest begins first: these wait while others compute, and would else be what everything waits for in the end.
FIRST     := ./test/scenario ./test/deploy ./test/browser ./pkg/aws ./test/aws ./pkg/annotate ./test/proof

.DEFAULT_GOAL := help
.PHONY: help run build test deps lint load bench oracle cover screenshots race-binary tools peers sim aws-jobs mutants proof

help: ## list these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | sort | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'

run: build ## start GAS on this machine and print a sign-in link
	./$(BIN) serve

build: ## build bin/gas, without cgo
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) .

test: tools race-binary ## run every test with the race detector; PKG=./pkg/x narrows it
	GAS_BIN=$(CURDIR)/$(RACE) GORACE="$(GORACE)" CGO_ENABLED=1 $(GO) run ./test/threats/run $(if $(filter ./...,$(PKG)),-whole) $(if $(filter require,$(GAS_PEERS)),-strict) -- $(TESTFLAGS) $(if $(filter ./...,$(PKG)),$(FIRST)) $(PKG)

# The whole-program tests share this one build. It is put in place only where it differs: go test's cache knows it by its time.
race-binary:
	@mkdir -p $(dir $(RACE)) && new=$$(mktemp) && trap 'rm -f "$$new"' EXIT && \
	CGO_ENABLED=1 $(GO) build $(RACEFLAGS) -o "$$new" . && { cmp -s "$$new" $(RACE) || cp "$$new" $(RACE); }

tools:
	@command -v gcc >/dev/null || { echo "gcc is missing: the race detector needs it; run make deps" >&2; exit 1; }
	@for tool in chromium bcftools bgzip tabix python3 systemd-analyze; do \
		command -v $$tool >/dev/null || echo "$$tool is missing: its tests are skipped; run make deps" >&2; done
	@[ -d "../shared" ] || [ -d "$$GAS_SHARED" ] || echo "shared data is missing: its tests are skipped; set GAS_SHARED to its folder" >&2

deps: ## install what the tests need: gcc, chromium, bcftools, tabix, systemd-analyze (Debian), and the Go modules
	@missing=; \
	command -v gcc >/dev/null || missing="$$missing gcc libc6-dev"; \
	command -v python3 >/dev/null || missing="$$missing python3"; \
	command -v chromium >/dev/null || missing="$$missing chromium"; \
	command -v bcftools >/dev/null || missing="$$missing bcftools"; \
	command -v tabix >/dev/null || missing="$$missing tabix"; \
	command -v systemd-analyze >/dev/null || missing="$$missing systemd"; \
	if [ -n "$$missing" ]; then \
		sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
		$$sudo apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends $$missing; \
	fi
	$(GO) mod download
	$(MAKE) --no-print-directory peers

peers: ## install the emulators and servers that tests talk to, in the user's cache folder or in GAS_PEERS
	test/peers/install.sh

lint: ## gofmt, vet, and golangci-lint where it is installed
	@bad=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$bad" ] || { echo "gofmt: $$bad"; exit 1; }
	$(GO) vet ./...
	@command -v golangci-lint >/dev/null && golangci-lint run || echo "golangci-lint is not installed: only gofmt and vet ran"

load: build ## measure start, submissions, latency, memory and the engine's growth; LOAD="start submit" picks some
	$(GO) run ./test/load -bin $(BIN) $(LOAD)

BENCH := $(or $(filter-out require,$(GAS_SHARED)),../shared)/bench/run.sh
REPS  ?= 3
bench: build ## time the engine beside its peers by the shared bench; REPS=3 rounds, BENCH_DIR is where its data is made
	@[ -x $(BENCH) ] || { echo "$(BENCH) is missing: the bench is in the shared folder; set GAS_SHARED to it" >&2; exit 1; }
	@for tool in python3 bcftools bgzip tabix vcfanno; do \
		command -v $$tool >/dev/null || { echo "$$tool is missing: apt-get install python3 bcftools tabix vcfanno" >&2; exit 1; }; done
	@[ -x /usr/bin/time ] || { echo "/usr/bin/time is missing: apt-get install time" >&2; exit 1; }
	$(BENCH) $(CURDIR)/$(BIN) $(REPS)

ORACLES := mt/saturation sars-cov-2/saturation chr21/dbsnp chr21/exonic chr21/structural
DATA    := $(or $(filter-out require,$(GAS_SHARED)),../shared)/data

oracle: build ## compare with the whole answers of Ensembl VEP in the shared data, in Go and by concordance.py
	GAS_ORACLE=whole $(GO) test -count=1 -run 'TestVEPGivesTheSameAnswers|TestFastAnswersAreTheSlowOnes' ./pkg/consequence
	@[ -d bin/chr21 ] || ./$(BIN) reference build --gff3 $(DATA)/chr21/ensembl84.gff3.gz --fasta $(DATA)/chr21/chr21.partial.fa.gz --name chr21 --out bin/chr21
	@for set in $(ORACLES); do \
		name=$$(echo $$set | tr / -); reference=auto; case $$set in chr21/*) reference=bin/chr21;; esac; \
		./$(BIN) annotate --quiet $(DATA)/$$set.vcf.gz --reference $$reference -o bin/$$name.vcf.gz || exit 1; \
		python3 $(DATA)/concordance.py $(DATA)/$$set.vep115.tsv.gz bin/$$name.vcf.gz > bin/$$name.txt; status=$$?; \
		echo "$$set: $$(tail -1 bin/$$name.txt)"; [ $$status = 0 ] || { cat bin/$$name.txt; exit 1; }; done

screenshots: ## open every page in chromium and keep a picture of each in screenshots/
	GAS_SCREENSHOTS=$(CURDIR)/screenshots $(GO) test -count=1 -run TestEveryPageFitsItsWindow ./test/browser

cover: ## test coverage of every package, as coverage.html
	$(GO) test -coverpkg=./... -coverprofile=coverage.out $(PKG)
	$(GO) tool cover -func=coverage.out | tail -1
	$(GO) tool cover -html=coverage.out -o coverage.html

SEEDS ?= 1000000
FROM  ?= 0
sim: ## simulate the life of jobs from many seeds; SEEDS=1000000, FROM=0 is the first
	SEEDS=$(SEEDS) FROM=$(FROM) $(GO) test -count 1 -timeout 12h -v -run TestNoSeedBreaksAnInvariant ./test/sim

mutants: ## plant fourteen bugs, one at a time: the simulation has to find each, and the release must hold none
	$(GO) test -count 1 -timeout 1h -v -tags mutants -run 'TestEveryPlantedBugIsFound|TestTheReleaseHoldsNoMutant' ./test/sim

AWS_JOBS ?= 1000
aws-jobs: build peers ## do AWS_JOBS=1000 jobs with one process for each role on emulators of AWS while workers are killed
	GAS_BIN=$(CURDIR)/$(BIN) GAS_AWS_JOBS=$(AWS_JOBS) $(GO) test -count 1 -timeout 2h -v -run TestNoJobIsLostWhenWorkersAreKilled ./test/aws

CYCLES ?= 500
JOBS ?= 2000
proof: build ## kill the real program CYCLES=500 times while JOBS=2000 are done, as one process and as six, and show that nothing was lost
	$(GO) run ./test/proof -bin $(BIN) -cycles $$(( $(CYCLES) / 2 )) -jobs $$(( $(JOBS) / 2 ))
	$(GO) run ./test/proof -bin $(BIN) -cycles $$(( $(CYCLES) / 2 )) -jobs $$(( $(JOBS) / 2 )) -six
