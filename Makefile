# Every target does its own set-up, on a machine that has git, make and Python 3.11 or later.

SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Some build hosts set no HOME; the caches need one.
ifeq ($(HOME),)
export HOME := $(or $(shell getent passwd "$$(id -u)" | cut -d: -f6),$(CURDIR)/var/home)
endif

BIN := .venv/bin
CODE := uncall_ari api tests sounds docker
SHELL_CODE := scripts/* docker/rootfs docker/prove docker/new-secrets docker/install docker/account docker/passwords \
	docker/healthy docker/build-tools docker/*/start docker/*/healthy .ci/run

# Tests wait more than they work: one more at once than there are cores. ARGS="-n 0" runs them one by one.
PYTEST := $(BIN)/pytest -n $(shell n=$$(nproc); echo $$((n < 6 ? n + 1 : 6))) --dist worksteal

##@ Use it
.PHONY: demo serve
demo: setup rootfs  ## See a whole campaign on a real Asterisk, each outcome checked
	@$(BIN)/uncall demo $(ARGS)

serve: setup rootfs  ## Serve on 127.0.0.1 with an Asterisk of its own: make serve [PORT=8080] (own Asterisk: uncall serve)
	@$(BIN)/uncall lab serve $(if $(PORT),--port $(PORT)) $(ARGS)

##@ Work on it
.PHONY: test unit bench check format
test: setup tools rootfs  ## Run all tests, with real servers: make test [ARGS="-k soap -x"]
	@$(PYTEST) $(ARGS)

unit: setup tools  ## Run the tests that need no servers
	@$(PYTEST) tests/unit $(ARGS)

bench: setup rootfs  ## Measure calls, reactions and SOAP: 17 minutes, or make bench ARGS=--quick
	@$(BIN)/python -m tests.bench.run $(ARGS)

check: setup  ## Check style, format and types, and change nothing
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/ruff format --check --diff $(CODE)
	@$(BIN)/mypy
	@! command -v shellcheck >/dev/null || shellcheck -x -P scripts -P . $(SHELL_CODE)

format: setup  ## Put the format right, and what else can be put right by itself
	@$(BIN)/ruff check --fix --quiet $(CODE) || true
	@$(BIN)/ruff format $(CODE)

##@ Keep it
.PHONY: setup tools rootfs lock clean help
setup:  ## Only .venv, from requirements/dev.lock
	@scripts/setup

tools:
	@scripts/test-tools

rootfs:  ## Only the root file system with the real servers
	@docker/rootfs

lock: setup  ## Renew requirements/*.lock: the newest releases that pyproject.toml allows
	@scripts/lock

clean:  ## Remove .venv and what the tools leave, not the root file system (docker/rootfs --where)
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
	@find $(CODE) -name __pycache__ -prune -exec rm -rf {} +

help:  ## Show this list
	@awk -v bold=$$([ -t 1 ] && echo 1) ' \
	    function tone(code, text) { return bold ? "\033[" code "m" text "\033[0m" : text } \
	    BEGIN { FS = ":.*## " } \
	    /^##@ / { print "\n" tone(1, substr($$0, 5)) } \
	    /^[a-z]+:.*## / { print "  make " tone(36, sprintf("%-8s", $$1)) $$2 } \
	    END { print "" }' Makefile
