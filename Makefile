# Two commands: `make demo` and `make test`. Both set everything up in .venv first; a second run installs nothing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: demo test lint weights bench clean

demo: weights
	$(BIN)/turntable demo

test: weights
	$(BIN)/pytest

lint: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

weights: $(INSTALLED)
	@$(BIN)/turntable models fetch > /dev/null

bench: weights
	$(BIN)/python tests/benchmarks/accuracy.py

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Turntable needs Python 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	touch $(INSTALLED)

clean:
	rm -rf $(VENV)
