# The commands of the project; `make help` explains them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run test check clean page setup

help: ## Show this help
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

run: ## Set up what is missing, build, start the hub and print what to open (ARGS="--listen …" are passed on)
	@tests/setup.sh build
	@tests/page.sh
	@cargo build -p holdfast-server -p holdfast-peer
	@exec target/debug/holdfast-server $(ARGS)

test: ## Set up what is missing and run every check and test
	@tests/setup.sh test
	@tests/run.sh all

check: ## The fast inner loop: formats, lints, types, unit tests; no browser, no simulated world
	@tests/setup.sh build
	@tests/run.sh check

page: ## Build the page into web/dist, from where the hub's build embeds it
	@tests/setup.sh build
	@tests/page.sh

setup: ## Install what building and testing needs and this machine lacks
	@tests/setup.sh test

clean: ## Remove everything that was built
	rm -rf target web/dist web/node_modules tests/browser/node_modules tests/artifacts
