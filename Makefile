# `make demo`, `make test` and `make check` set everything up in .venv first; a second run installs nothing.
# `make test PYTHON=python3.13` does the same in .venv-3.13: each version that is asked for has an environment.
PYTHON ?= python3
ifeq ($(origin PYTHON),file)
VENV := .venv
else
VENV := .venv-$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
endif
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
TESTABLE := $(VENV)/.installed-test
# files of tests side by side, three on two cores, since many wait: `make test WORKERS=12` where there are eight
WORKERS ?= 3
# each worker and each command would compile all modules anew
unexport PYTHONDONTWRITEBYTECODE
PYTEST := $(BIN)/pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder
PIP_INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable

.PHONY: demo test check laws lint weights bench bench-peers chaos gpu-check gpu-pack clean

demo: weights
	$(BIN)/turntable demo

test: weights $(TESTABLE)
	$(PYTEST)

# what starts no model, no Prefect and no process: a minute
check: $(TESTABLE)
	$(PYTEST) -m "not system"

# new examples for each law of Hypothesis, forty times as many as in `make test`: minutes
laws: $(TESTABLE)
	HYPOTHESIS_PROFILE=search $(PYTEST) -m hypothesis

lint: $(TESTABLE)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

weights: $(INSTALLED)
	@$(BIN)/turntable models fetch > /dev/null

# EPISODES: audio with NAME.stm and NAME.rttm beside NAME.mp3, or folders of such; without any, the demo is heard
bench: weights $(TESTABLE)
	$(BIN)/python tests/benchmarks/speech.py $(EPISODES)

# attacks, damage and kills: what got through; `make chaos ONLY=web`, or ONLY="--short" for the form that CI runs
chaos: weights $(TESTABLE)
	$(BIN)/python -m tests.chaos $(ONLY)

# on a GPU: is it right, how fast is it, what does it do when it breaks; `make gpu-check ONLY="--device cpu --short"`
gpu-check: weights $(TESTABLE)
	$(BIN)/python -m tests.gpu.check $(ONLY)

# the same for a machine with PyTorch alone and no network: `make gpu-pack DIR=pack`, then pack/run.sh there
gpu-pack: weights $(TESTABLE)
	$(BIN)/python -m tests.gpu.pack $(or $(DIR),gpu-pack)

# an environment of its own for each peer that wants one: some gigabytes, once
bench-peers: $(TESTABLE)
	$(BIN)/python tests/benchmarks/environments.py

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Turntable needs Python 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP_INSTALL) .
	# 1.2 s of the first command, and of each one where PYTHONDONTWRITEBYTECODE is set, as in many containers
	$(BIN)/python -m compileall -q flows transforms warehouse
	touch $(INSTALLED)

# one of the test packages is compiled here (meeteval): it wants a C compiler
$(TESTABLE): $(INSTALLED)
	$(PIP_INSTALL) '.[test]'
	touch $(TESTABLE)

clean:
	rm -rf .venv .venv-*
