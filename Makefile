# Two commands: `make demo` and `make test`. Both set everything up in .venv first; a second run installs nothing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
TESTABLE := $(VENV)/.installed-test
PIP_INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable

.PHONY: demo test lint weights bench clean

demo: weights
	$(BIN)/turntable demo

test: weights $(TESTABLE)
	$(BIN)/pytest

lint: $(TESTABLE)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

weights: $(INSTALLED)
	@$(BIN)/turntable models fetch > /dev/null

bench: weights $(TESTABLE)
	$(BIN)/python tests/benchmarks/accuracy.py

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Turntable needs Python 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP_INSTALL) .
	touch $(INSTALLED)

# one of the test packages is compiled here (meeteval): it wants a C compiler
$(TESTABLE): $(INSTALLED)
	$(PIP_INSTALL) '.[test]'
	touch $(TESTABLE)

clean:
	rm -rf $(VENV)
