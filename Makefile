# `make demo` and `make test` do all their own set-up in .venv; nothing else on the machine is touched.
PYTHON ?= python3
BIN := .venv/bin
SEED ?= 1
MINUTES ?= 5
RESTARTS ?= 1000

.PHONY: demo test check soak format bench clean

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

.venv/.demo: pyproject.toml constraints.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[sandbox]'
	@touch $@

.venv/.dev: pyproject.toml constraints.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[sandbox,dev]'
	@touch $@ .venv/.demo

demo: .venv/.demo
	@mkdir -p -m 700 examples/.runner
	@install -m 600 examples/integrations.yml examples/.runner/integrations.yml
	$(BIN)/runner run examples --aws-sandbox

test: .venv/.dev
	$(BIN)/python -m pytest

check: .venv/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.chaos
	$(BIN)/python -m tests.chaos.service

# Minutes of adversarial jobs and SIGKILL, and a service that is restarted under load, repeatable by their seed; prints
# builds run, faults injected, losses.
soak: .venv/.dev
	$(BIN)/python -m tests.chaos --seed $(SEED) --minutes $(MINUTES) --builds 200
	$(BIN)/python -m tests.chaos.service --seed $(SEED) --minutes $(MINUTES) --restarts $(RESTARTS)
	$(BIN)/python -m tests.chaos.redaction --cases 200000 --seed $(SEED)

format: .venv/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/.dev
	$(BIN)/python -m bench

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
