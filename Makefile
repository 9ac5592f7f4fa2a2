# Everything here works on a machine that has only git, make and Python 3.11 with venv.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# An environment made for another place or by another Python is made anew.
MADE_FOR := $(CURDIR) $(PYTHON)
ifneq ($(shell cat $(READY) 2>/dev/null),$(MADE_FOR))
$(shell rm -f $(READY))
endif
UV_VERSION := 0.13.8

.DEFAULT_GOAL := help
.PHONY: help run test check audit format bench bench-api fuzz fuzz-long chaos endurance demo lock diagram datamodel clean

help:  ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "no python3 found: install Python 3.11 or later, or set PYTHON=/path/to/python" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or later is needed, not " + sys.version.split()[0])' \
		|| { echo "PYTHON=$(PYTHON) is no Python 3.11 or later; set PYTHON=/path/to/python" >&2; exit 1; }
	"$(PYTHON)" -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@echo "$(MADE_FOR)" > $(READY)

run: $(READY)  ## Set everything up and start the server, on SQLite in the folder data
	$(BIN)/aioacs serve

demo: $(READY)  ## Start a server with 25 simulated routers, and print what can be asked of it
	$(BIN)/python -m simulators.demo

test: $(READY)  ## Set everything up and run the tests
	$(BIN)/python -m pytest --numprocesses logical --maxprocesses 8 --dist worksteal

check: $(READY)  ## Format, lint, types and layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

audit: $(READY)  ## Look for known weaknesses of the locked dependencies; asks for the advisories over the network
	$(BIN)/pip-audit --strict --disable-pip --require-hashes --requirement requirements.lock --progress-spinner off

format: $(READY)  ## Rewrite the sources in the project's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY)  ## Measure everything beside what is known, into benchmarks/out/bench.html; KEEP=1 keeps it in docs/benchmarks
	$(BIN)/python -m benchmarks $(if $(KEEP),--keep)

bench-api: $(READY)  ## Measure the management API on a database of 100,000 devices, on SQLite and on PostgreSQL
	$(BIN)/python -m benchmarks.api.harness --database sqlite --database postgresql

fuzz: $(READY)  ## Mutated envelopes through the decoder, random posts through the session
	$(BIN)/python -m fuzz

fuzz-long: $(READY)  ## Guided input for each parser of what strangers send: make fuzz-long RUNS=1000000
	$(BIN)/python -m fuzz.guided --runs $(or $(RUNS),100000)

chaos: $(READY)  ## Kill, freeze, starve and cut off a server a hundred times, on each database
	$(BIN)/python -m tests.chaos; sqlite=$$?; $(BIN)/python -m tests.chaos --database postgresql && exit $$sqlite

endurance: $(READY)  ## Half an hour of 5,000 odd routers and busy operators: nothing is lost, grows or is unexplained
	$(BIN)/python -m tests.chaos.endurance --report endurance.html

lock: $(READY)  ## Resolve the dependencies anew into requirements.lock
	$(BIN)/python -m pip install --quiet uv==$(UV_VERSION)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --group dev --generate-hashes --no-header \
		--annotation-style line --upgrade --output-file requirements.lock pyproject.toml

diagram: $(READY)  ## Draw the session's table into docs/protocol/session.md
	$(BIN)/python -m scripts.draw_session

datamodel: $(READY)  ## Make the facts on parameters anew: make datamodel SOURCE=folder
	@test -n "$(SOURCE)" || { echo "say where the tables are: make datamodel SOURCE=folder" >&2; exit 1; }
	$(BIN)/python -m scripts.build_datamodel "$(SOURCE)"

clean:  ## Remove the environment, every cache and what was built
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache benchmarks/out dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
