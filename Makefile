# make demo: one whole night on this machine.   make test: every check that the project has.
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
STATE ?= demo-state

.PHONY: help demo test lint campaign bench lock clean

help:
	@echo "make demo      one night on this machine alone (STATE=folder, default demo-state)"
	@echo "make test      installs what the tests need, then runs them all"
	@echo "make campaign  the long forms: a million mutated rows, a thousand kills, ten thousand attacked exports, a year with every fault (hours)"
	@echo "make bench     measurements, as ratios against a named alternative"
	@echo "make lock      solve the dependencies again"

$(VENV)/.installed: requirements.lock pyproject.toml .ci/environment
	sh .ci/environment requirements.lock $@

$(VENV)/.installed-dev: requirements-dev.lock pyproject.toml .ci/environment
	sh .ci/environment requirements-dev.lock $@ && touch $(VENV)/.installed

demo: $(VENV)/.installed
	$(BIN)/surveillance demo --state $(STATE) || test $$? -eq 3

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/mypy

test: $(VENV)/.installed-dev
	sh .ci/packages
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/surveillance check
	$(BIN)/pytest

campaign: $(VENV)/.installed-dev
	sh .ci/packages
	CAMPAIGN=full $(BIN)/pytest tests/test_campaign.py tests/test_kill.py tests/test_changes.py tests/test_disclosure.py tests/test_signals.py
	CAMPAIGN=full $(BIN)/pytest -s tests/test_year.py

bench: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/night.py
	$(BIN)/python benchmarks/status.py
	$(BIN)/python benchmarks/intake.py
	$(BIN)/python benchmarks/coding.py
	$(BIN)/python benchmarks/detection.py

lock: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --python-version 3.11 --extra build -o requirements.lock pyproject.toml
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --python-version 3.11 --extra dev -o requirements-dev.lock pyproject.toml -c requirements.lock

clean:
	rm -rf $(VENV) demo-state .mypy_cache .ruff_cache .hypothesis dist
