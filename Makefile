# make demo: score the example reviews.  make test: all checks.  Both set up what they need.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= python3
VENV := .venv
PACKED := dist/movierate-env.tar.gz
ACTIVATE := source $(VENV)/bin/activate
MADE_FROM := pyproject.toml constraints.txt scripts/set-up.sh

.PHONY: help demo test unit coverage check format check-schedules nights faults layouts matrix stores env clean

help: ## what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 17

demo: $(VENV)/.demo ## score examples/ with the shipped model, and show the result
	@$(ACTIVATE) && examples/demo.sh

test: check ## everything: make check, then the tests
	@$(ACTIVATE) && pytest -n 2 -m "not stores and not packages" --dist loadfile --no-loadscope-reorder

unit: $(VENV)/.dev ## the quick tests, without Spark
	@$(ACTIVATE) && pytest -n 2 -m unit

coverage: $(VENV)/.dev ## which lines the tests run
	@$(ACTIVATE) && pytest -n 2 --dist loadfile --no-loadscope-reorder --cov --cov-report term-missing:skip-covered

check: $(VENV)/.dev ## style, types and spelling
	@$(ACTIVATE) && ruff check . && ruff format --check . && mypy && codespell

format: $(VENV)/.dev ## mend the style
	@$(ACTIVATE) && ruff check --fix . ; ruff format .

check-schedules: $(VENV)/.demo ## conf/schedule/, each by its own tool, Airflow among them
	@$(ACTIVATE) && python scripts/check_schedules.py

env: $(PACKED) ## dist/movierate-env.tar.gz: what executors need, without TensorFlow

$(PACKED): $(VENV)/.demo pyproject.toml constraints.txt $(shell find -L movierate -type f -not -name '*.pyc')
	@$(ACTIVATE) && scripts/pack-env.sh $@

nights: $(VENV)/.dev ## seven nights: what was read, skipped, rated, rejected, and what is there in the end
	@$(ACTIVATE) && python benchmarks/nights.py

matrix: ## the tests on Spark 3.5, 4.0, 4.1, 4.2 and 4.3, each in an environment of its own (an hour)
	@$(PYTHON) scripts/matrix.py

stores: $(VENV)/.dev ## the job on HDFS, YARN and S3, each started here from Maven Central's JARs
	@$(ACTIVATE) && pytest -m stores -p no:xdist -rs -s

faults: $(VENV)/.dev ## kill each part of a cluster at each moment of a run, and count what is lost
	@$(ACTIVATE) && python -m benchmarks.faults

layouts: $(VENV)/.dev ## 1,000 random directories of reviews, of every format: is each review read, and once?
	@$(ACTIVATE) && python -m benchmarks.layouts

clean: ## remove what make has made
	rm -rf $(VENV) .venv-airflow .venv-spark-* build dist demo *.egg-info

$(VENV)/.demo: $(MADE_FROM)
	@scripts/set-up.sh $(VENV) demo "$(PYTHON)"

$(VENV)/.dev: $(MADE_FROM)
	@scripts/set-up.sh $(VENV) dev "$(PYTHON)"
