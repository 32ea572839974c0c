# Two commands do all: `make run` and `make test`. Each other habit has a verb of its own.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
FRESH  := $(VENV)/.fresh
WARM   := $(VENV)/.warm
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Takes seconds where pip takes minutes, but does not read its settings, which may name a mirror: then pip does it.
UV     := VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet
LOCKED := --require-hashes -r requirements.lock
OURS   := --no-deps --no-build-isolation --editable .

# Where Python may not keep what it compiled, each start of the program compiles all of it again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run demo test test-long coverage check audit format docs bench soak figures lock clean

# A recording is scanned, then a simulated wing is watched, at the address that is printed. Ctrl-C ends it, or FOR=60s.
run demo: $(FRESH)
	@$(BIN)/cellwarden demo --output out --force $(if $(FOR),--for $(FOR))

test: $(WARM)
	$(BIN)/python -m pytest -n 3 --dist worksteal -m "not long"

# Curves, many trials, whole lanes: of each `make test` proves a small part.
test-long: $(WARM)
	$(BIN)/python -m pytest -n 3 --dist worksteal -m long

coverage: $(WARM)
	$(BIN)/python -m pytest -n 3 --dist worksteal --cov --cov-report=term:skip-covered

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Known weaknesses of what the lock names, asked of osv.dev: needs the network, so CI does not ask.
audit: $(READY)
	$(BIN)/uv tool run pip-audit@2.10.1 --strict --require-hashes --disable-pip -r requirements.lock -s osv

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# What each room offers, from its docstrings: out/api/cellwarden.html. Of rooms that name what they offer, files as well.
NAMED := $(subst /,.,$(patsubst src/%.py,%,$(wildcard src/cellwarden/airinterface/[a-z]*.py src/cellwarden/model/[a-z]*.py)))
docs: $(READY)
	$(BIN)/python -m pdoc --docformat markdown --output-directory out/api cellwarden $(NAMED)

bench: $(FRESH)
	$(BIN)/python -m benchmarks.lanes

# One lane in full, at most an hour: make soak LANE=1. Broken off, it goes on where it stopped.
LANE  ?= 0
soak: $(FRESH)
	$(BIN)/python -m benchmarks.lanes $(LANE)

figures: $(READY)
	$(BIN)/python docs/figures/report.py
	$(BIN)/python docs/figures/curves.py
	$(BIN)/python docs/figures/roc.py
	$(BIN)/python docs/figures/plan.py
	$(BIN)/python docs/figures/tippett.py
	$(BIN)/python docs/figures/console.py

# The lock holds every package with its hashes, for every Python and platform that the project supports.
lock: $(READY)
	$(BIN)/uv pip compile --universal --no-strip-extras --python-version 3.11 --generate-hashes --extra dev --no-header \
	    --output-file requirements.lock pyproject.toml

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Cellwarden needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > $(VENV)/uv.lock
	$(PIP) --require-hashes -r $(VENV)/uv.lock
	$(UV) $(LOCKED) || $(PIP) $(LOCKED)
	$(UV) $(OURS) || $(PIP) $(OURS)
	@touch $@

# A compiled loop holds those that it calls, of other files too: what was compiled from older ones goes.
$(FRESH): $(READY) $(shell find src -name '*.py')
	@find src -name '*.nb[ic]' -delete
	@touch $@

# Each of the tests' processes would compile the loops for itself: for each other's sake they are compiled before.
$(WARM): $(FRESH)
	$(BIN)/python -m tests.warm
	@touch $@

clean:
	rm -rf $(VENV) out
