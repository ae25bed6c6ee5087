# Everyday commands. `make demo` and `make test` work on a bare machine with Python 3.11+.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PORT ?= 8000
export PORT

.PHONY: demo test test-15 check fix prove bench screenshots lock clean help

help:
	@echo "make demo    start everything with a lifelike tenant (PORT=8000, PQLHUB_HOME=.pqlhub)"
	@echo "make test    all tests;  make prove   the long ones: SDKs, faults, real data"
	@echo "make check   lint, types, layers, migrations, templates;  make fix   mend what can be mended"
	@echo "make bench   speed as ratios against a baseline in the same run"
	@echo "make screenshots   photograph every page for docs/pages.md (needs Chromium)"

# Built from the lock file alone; made again when the lock changes.
$(VENV)/installed: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit("PQL Hub needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

demo: $(VENV)/installed
	@exec $(BIN)/python -m pqlhub.demo

test: $(VENV)/installed
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not prove"

# The oldest supported server. OLD_POSTGRES names the folder of its programs.
OLD_POSTGRES ?= /usr/lib/postgresql/15/bin
test-15: $(VENV)/installed
	$(BIN)/python -m tests.old_postgres $(OLD_POSTGRES) -- $(BIN)/python -m pytest -n auto --dist loadfile -q \
		-m "not prove and not browser" tests/architecture tests/tenants tests/ingestion tests/scoring

prove: $(VENV)/installed
	$(BIN)/python -m pytest -m prove

bench: $(VENV)/installed
	$(BIN)/python -m bench

# A demo of its own is started and thrown away; URL=http://... takes one that runs (its folder is PQLHUB_HOME). AXE names
# axe.min.js (npm install axe-core, anywhere) and checks every page for accessibility on the way.
screenshots: $(VENV)/installed
	$(BIN)/python -m tests.screenshots $(if $(URL),--url $(URL)) $(if $(AXE),--axe $(AXE))

# No database is needed to check: these addresses are never called.
check: export DATABASE_URL = postgresql://pqlhub_app:none@127.0.0.1:1/none
check: export DATABASE_OWNER_URL = postgresql://pqlhub_owner:none@127.0.0.1:1/none
check: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	git ls-files "templates/*.html" | xargs $(BIN)/djade --check --target-version 5.2
	$(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check --fail-level WARNING

fix: $(VENV)/installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	git ls-files 'templates/*.html' | xargs $(BIN)/djade --target-version 5.2

lock:
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --fork-strategy fewest \
		--generate-hashes --no-emit-index-url --no-header -o requirements.lock

clean:
	rm -rf $(VENV) static_root
