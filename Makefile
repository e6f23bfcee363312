# authkeeper. `make help` lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/authkeeper
TOOLS := $(CACHE)/tools
PROGRAMS := $(or $(CARGO_TARGET_DIR),target)/debug
CARGO_DENY_VERSION := 0.20.2
export STRICT

.PHONY: help run test check fmt lint deny crds setup clean

help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: setup ## Runs everything locally: control plane, demo identity provider, operator, a live table (CONTEXT=name: an existing cluster)
	cargo build --workspace --bins
	@$(PROGRAMS)/testbed demo --operator $(PROGRAMS)/authkeeper $(if $(CONTEXT),--context $(CONTEXT))

test: setup ## Runs every test; what cannot run is printed as SKIPPED, and STRICT=1 makes that a failure
	cargo test --workspace

check: ## The quick inner loop: format, lints, and the tests that need nothing
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	cargo test --quiet --lib
	cargo test --quiet --test it -- architecture providers generated

fmt: ## Formats the code
	cargo fmt --all

lint: ## Format and lints, as CI runs them
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

deny: ## Licences, banned crates, sources
	@test -x $(TOOLS)/bin/cargo-deny || cargo install cargo-deny --version $(CARGO_DENY_VERSION) --locked --root $(TOOLS)
	PATH="$(TOOLS)/bin:$$PATH" cargo deny check bans licenses sources

crds: ## Writes the generated files: CRD, API reference, heads of the reasons' pages
	cargo test --test it -- --ignored write_the_generated_files

setup: ## Installs what tests and demo need and this machine lacks (Go, Node; by apt, as root)
	@bash tests/testbed/setup.sh

clean: ## Removes what was built; the caches outside the checkout stay
	cargo clean
