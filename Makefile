# Everything sets itself up in .venv from a fresh clone: python3 (3.11 or newer, with venv), git and make are enough.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check bench clean

demo: .venv/demo ## Replay a session on real input: listen, watch, look at the picture
	$(BIN)/duologue demo --out build/demo

test: .venv/installed ## All tests; those that need a sound server are left out, and say so, where it cannot be installed
	@.ci/system-packages || export DUOLOGUE_NO_SOUND_SERVER=1; $(BIN)/python -m pytest

check: ## What must be green: format, lint, types, import rules, tests, the built wheel
	bash .ci/run

bench: .venv/installed ## The measured figures, as a table
	$(BIN)/duologue bench

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache

.venv/created:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	touch $@

.venv/demo: pyproject.toml .venv/created
	$(BIN)/python -m pip install --quiet --editable '.[picture]'
	touch $@

.venv/installed: pyproject.toml .venv/created
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@
