# The commands of the project; `make help` explains them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run test check clean page setup lan fuzz bench images

help: ## Show this help
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

run: ## Set up what is missing, build, start the hub for this machine and print what to open (ARGS="--listen …" are passed on)
	@tests/setup.sh build
	@tests/page.sh
	@cargo build -p holdfast-server -p holdfast-peer
	@HOLDFAST_DIRECTORY=$${HOLDFAST_DIRECTORY:-on} exec target/debug/holdfast-server $(ARGS)

lan: ## The same for phones and other devices of the local network, with TLS and a QR code (certs/README.md)
	@tests/setup.sh build
	@tests/page.sh
	@cargo build -p holdfast-server -p holdfast-peer
	@exec target/debug/holdfast-server --tls-listen 0.0.0.0:8443 --tls dev $(ARGS)

test: ## Set up what is missing and run every check and test
	@tests/setup.sh test
	@tests/run.sh all

check: ## The fast inner loop: formats, lints, types, unit tests; no browser, no simulated world
	@tests/setup.sh build
	@tests/run.sh check

fuzz: ## Fuzz the wire decoder and the hub's core for a bounded time (SECONDS_EACH=60)
	@tests/fuzz/run.sh $(or $(SECONDS_EACH),60)

page: ## Build the page into web/dist, from where the hub's build embeds it
	@tests/setup.sh build
	@tests/page.sh

setup: ## Install what building and testing needs and this machine lacks
	@tests/setup.sh test

bench: ## Measure: relay, latency, memory, page weight, first picture; writes docs/benchmarks.md (about 10 minutes)
	@tests/setup.sh test
	@tests/bench/run.sh

images: ## Make the page's pictures in docs/images anew
	@tests/setup.sh test
	@tests/images.sh

clean: ## Remove everything that was built
	rm -rf target web/dist web/node_modules tests/browser/node_modules tests/artifacts tests/fuzz/target
