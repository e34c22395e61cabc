# `make help` lists what there is. The work is done by scripts/, which run by themselves too.

SHELL    := /bin/bash
FUZZTIME ?= 10m
SOAK     ?= 10m

.DEFAULT_GOAL := help

.PHONY: run
run: ## start examples/quickstart on 127.0.0.1:8080
	@go run ./examples/quickstart

.PHONY: test
test: ## everything: lint, unit tests with the race detector, end to end, conformance, fuzz targets 10 s each, a soak of 2 minutes
	@scripts/test.sh full

.PHONY: test-fast
test-fast: ## the same without the race detector, repetitions and fuzzing: a few minutes
	@scripts/test.sh fast

.PHONY: soak
soak: ## mixed traffic for SOAK (10m): goroutines, memory and files of the server must stay flat
	@SOAK=$(SOAK) scripts/soak.sh

.PHONY: repeat
repeat: ## end to end and conformance 20 times over, unit tests with the race detector 5 times
	@scripts/test.sh repeat

.PHONY: lint
lint: ## gofmt, go vet, staticcheck and the rules of the house
	@scripts/lint.sh

.PHONY: fuzz
fuzz: ## each fuzz target for FUZZTIME (10m); FUZZ=name runs those that match
	@FUZZTIME=$(FUZZTIME) scripts/fuzz.sh

.PHONY: bench
bench: ## this project beside its peers: all tables into bench/out, in about an hour
	@scripts/bench.sh

.PHONY: bench-short
bench-short: ## beside a hand-written handler only; fails when a ratio is under its floor in bench/floors.json
	@scripts/bench.sh -short

.PHONY: bench-idle
bench-idle: ## the memory of an idle session with an open stream: 10,000 of them on one process
	@scripts/bench.sh idle

.PHONY: clean
clean: ## remove what the scripts installed
	@rm -rf .cache test/e2e/node_modules test/inspector/node_modules bench/bin bench/servers/tsfastmcp/node_modules

.PHONY: help
help:
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
