# make demo: score the example reviews.  make test: all checks.  Both set up what they need.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:

PYTHON ?= python3
DEMO := .venv
DEV := .venv-dev

.PHONY: help demo test check format env clean

help: ## what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(DEMO)/.ready ## score examples/ with the shipped model, and show the result
	@source $(DEMO)/bin/activate && examples/demo.sh

test: $(DEV)/.ready check ## everything: make check, then the tests
	@source $(DEV)/bin/activate && pytest

check: $(DEV)/.ready ## style and types
	@source $(DEV)/bin/activate && ruff check . && ruff format --check . && mypy

format: $(DEV)/.ready ## mend the style
	@source $(DEV)/bin/activate && ruff check --fix . ; ruff format .

env: $(DEMO)/.ready ## dist/movierate-env.tar.gz: what executors need, without TensorFlow
	@source $(DEMO)/bin/activate && scripts/pack-env.sh dist/movierate-env.tar.gz

clean: ## remove what make has made
	rm -rf $(DEMO) $(DEV) build dist demo *.egg-info

$(DEMO)/.ready: setup.py constraints.txt scripts/set-up.sh
	@scripts/set-up.sh $(DEMO) demo "$(PYTHON)"

$(DEV)/.ready: setup.py constraints.txt scripts/set-up.sh
	@scripts/set-up.sh $(DEV) dev "$(PYTHON)"
