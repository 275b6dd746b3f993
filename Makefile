# One command starts everything: `make run`. Needs only Python 3 with venv, make and git; the rest is brought into this
# folder. Variables of `ventanilla run` (PORT, DATABASE_URL, TWILIO_ACCOUNT_SID, ...) are read from the environment.
.DEFAULT_GOAL := help
.PHONY: help run test lint fmt lock envs clean

# Options for `ventanilla run`, as in: make run ARGS="--scale worker=2"
ARGS ?=

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-6s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

run: envs ## Start everything on this machine (first time: a few minutes); Ctrl-C stops it
	@exec .venv/bin/ventanilla run $(ARGS)

test: envs ## Everything that CI runs: style, types, cards, phrases, training, all tests
	@exec bash scripts/test.sh

lint: envs ## Style, types and import rules
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

fmt: envs ## Format the code
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

lock: ## Resolve the dependencies of pyproject.toml anew into requirements/
	@sh scripts/lock.sh

envs: ## Make or update the two environments, .venv and .venv-engine
	@sh scripts/envs.sh

clean: ## Remove environments, models and caches; conversations and keys in var/ stay
	rm -rf .venv .venv-engine .tools models .rasa .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
