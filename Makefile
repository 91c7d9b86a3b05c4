# What a person does with this project. Everything is done by scripts/ and by `.venv/bin/mtz`.
.DEFAULT_GOAL := help
.PHONY: help install run dev test lint bench docs lock clean

VENV := .venv/bin
PYTEST_ARGS ?=

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' Makefile

install: ## make .venv from the lock (silent when nothing changed)
	@sh scripts/install.sh run

run: install ## start everything; prints the URL
	@$(VENV)/mtz run

dev: install ## the same, and the web process restarts when its code changes
	@$(VENV)/mtz run --reload

test: ## the whole suite, browser tests included
	@sh scripts/install.sh dev
	@sh scripts/browser.sh
	@sh scripts/node.sh
	@$(VENV)/python -m pytest -n 3 --dist loadgroup $(PYTEST_ARGS)

lint: ## style, types, import rules, container files, locks
	@sh scripts/install.sh dev
	@sh scripts/lint.sh

bench: ## measure speed and memory; prints a table
	@sh scripts/install.sh dev
	@$(VENV)/python -m bench

docs: install ## write docs/settings.md from the settings
	@$(VENV)/python -m dashboard.settings > docs/settings.md

lock: ## choose new versions: needs the network
	@sh scripts/install.sh dev
	@sh scripts/lock.sh

clean: ## remove .venv and caches; your data stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
