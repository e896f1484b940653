# Each target sets up all it needs in .venv; `make demo` and `make test` are the two to know.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PEERS := .venv-peers
AUDIT := .venv-audit
# On Linux, PyPI's torch brings gigabytes of CUDA. Without a GPU, take the CPU build:
#   make demo TORCH_INDEX=https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
	$(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))

.PHONY: demo test test-setup test-slow test-browser check audit docs bench bench-peers format clean

demo: $(VENV)/base.stamp
	$(BIN)/lacunar demo -o demo --force

test: $(VENV)/test.stamp
	$(BIN)/python -m pytest -m "not slow and not browser"

test-slow: $(VENV)/docs.stamp $(VENV)/spark.stamp
	$(BIN)/python -m pytest -m slow || [ $$? -eq 5 ]

# The Python interface as HTML, from docstrings.
docs: $(VENV)/docs.stamp
	$(BIN)/python scripts/api_reference.py -o site/api

# All that the targets of tests need, for those who run some side by side.
test-setup: $(VENV)/docs.stamp $(VENV)/browser.stamp $(VENV)/spark.stamp

# Needs Chromium: apt-get install chromium.
test-browser: $(VENV)/browser.stamp
	$(BIN)/python -m pytest -m browser tests

check: $(VENV)/check.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

# Peers, a server's tools, saved models or much time.
NEED_MORE := $(foreach name,recommenders scale serving ten_tasks traits_epoch traits_folds traits_gaps traits_onnx traits_recipes,benchmarks/$(name)%)

bench: $(VENV)/test.stamp
	for script in $(filter-out $(NEED_MORE),$(wildcard benchmarks/*.py)); do \
		$(BIN)/python $$script || exit 1; \
	done

bench-peers: $(VENV)/test.stamp $(PEERS)/peers.stamp
	$(BIN)/python benchmarks/recommenders.py --peers-python $(PEERS)/bin/python
	$(BIN)/python benchmarks/ten_tasks.py --peers-python $(PEERS)/bin/python

# Asks PyPI once for each pinned version; says so where it cannot be reached.
audit: $(AUDIT)/audit.stamp
	$(AUDIT)/bin/python scripts/audit.py

format: $(VENV)/check.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) $(PEERS) $(AUDIT) demo dist site

# Every file by its hash, but for torch: its CPU build has other files than PyPI's, and brings others.
$(VENV)/base.stamp: pyproject.toml constraints.txt constraints-demo.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes --requirement constraints-demo.txt
	$(PIP) --no-build-isolation --editable ".[traits]"
	touch $@

$(VENV)/test.stamp: $(VENV)/base.stamp
	$(PIP) --editable ".[export,web,test]"
	touch $@

$(VENV)/docs.stamp: $(VENV)/test.stamp
	$(PIP) --editable ".[docs]"
	touch $@

# PySpark is half a gigabyte: `make test` leaves out the tests that need it.
$(VENV)/spark.stamp: $(VENV)/test.stamp
	$(PIP) --editable ".[spark]"
	touch $@

$(VENV)/browser.stamp: $(VENV)/test.stamp
	$(PIP) --editable ".[browser]"
	touch $@

$(VENV)/check.stamp: $(VENV)/spark.stamp
	$(PIP) --editable ".[check]"
	touch $@

$(AUDIT)/audit.stamp: scripts/audit-requirements.txt
	test -x $(AUDIT)/bin/python || $(PYTHON) -m venv $(AUDIT)
	echo '*' > $(AUDIT)/.gitignore
	$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes --requirement $<
	touch $@

# Libraries that Lacunar is compared with; they need other versions than it does.
$(PEERS)/peers.stamp: benchmarks/peers-requirements.txt
	test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	echo '*' > $(PEERS)/.gitignore
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	touch $@
