# Every command that a developer needs. `make` alone lists them.

PYTHON := .venv/bin/python
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
IMAGE := swarmscope:$(VERSION)

.DEFAULT_GOAL := help
.PHONY: help setup run stop scorecard test lint lock wheelhouse image clean

help: ## list what can be made
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

setup: ## install what is missing: Debian packages (as root), .venv, the project in it
	@tools/setup.sh

run: setup wheelhouse ## bring up a real three-node Swarm here, with Swarmscope and an example application on it
	$(PYTHON) -m tests.lab.showcase up

stop: setup ## end what `make run` began
	$(PYTHON) -m tests.lab.showcase down

scorecard: setup wheelhouse ## make every fault on a real Swarm and count the pages; two hours
	$(PYTHON) -m tests.lab.scorecard

test: setup lint ## run every check and every test; what a machine cannot run is named
	$(PYTHON) -m pytest

lint: setup ## check style, types, and who imports whom
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports

lock: setup ## renew the lock files from pyproject.toml
	@tools/lock.sh

wheelhouse: setup ## fill build/wheels with the image's packages and our own
	@tools/wheelhouse.sh

image: wheelhouse ## build the agent's image with this machine's Docker
	docker build --file deploy/Dockerfile --tag $(IMAGE) \
	  --build-arg BASE=python:$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')-slim .

clean: ## remove what was made here, .venv too
	rm -rf build dist .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
