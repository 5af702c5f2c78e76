# Everything sets itself up in .venv from a fresh clone: python3 (3.11 or newer, with venv), git and make are enough.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check bench vsix vscode clean

demo: .venv/demo ## Replay a session on real input: listen, watch, look at the picture
	$(BIN)/duologue demo --out build/demo

test: .venv/installed ## All tests; those that need a sound server, or VS Code (make vscode), are left out where it is not there
	@.ci/system-packages || export DUOLOGUE_NO_SOUND_SERVER=1; \
	test -e build/duologue.vsix -a -d build/vscode/host || export DUOLOGUE_NO_VSCODE=1; .ci/tests

check: ## What must be green: format, lint, types, import rules, tests, the built wheel
	bash .ci/run

bench: .venv/installed ## The measured figures, as a table
	$(BIN)/duologue bench

vsix: editors/vscode/node_modules/.package-lock.json ## The VS Code extension as build/duologue.vsix; needs node 20 or newer
	@mkdir -p build
	cd editors/vscode && npm run --silent check && npm run --silent vsix

vscode: vsix ## The same, and a real VS Code with a browser for its tests
	.ci/vscode-host

clean:
	rm -rf .venv build dist editors/vscode/node_modules editors/vscode/dist .pytest_cache .mypy_cache .ruff_cache

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

editors/vscode/node_modules/.package-lock.json: editors/vscode/package-lock.json
	cd editors/vscode && npm ci --silent
	touch $@
