# Everything from a fresh clone with nothing but Python 3.11 to 3.13 and make.
PYTHON ?= python3
VENV ?= .venv
# What pip installs beside the package; CI adds the simulators.
EXTRAS ?= dev
BIN = $(VENV)/bin
# CPU, and one compilation cache for all runs of a user, outside the repository.
export JAX_PLATFORMS ?= cpu
export JAX_COMPILATION_CACHE_DIR ?= $(or $(TMPDIR),/tmp)/neurorl-jax-cache-$(shell id -u)
export NO_MKDOCS_2_WARNING = 1

.PHONY: train test test-all check typecheck wheel bench figures docs docs-serve clean

train: $(VENV)/installed
	$(BIN)/neurorl train CartPole-v1 --seeds 10 --steps 16000 --eval-every 1000 --out runs/cartpole --overwrite

test: $(VENV)/installed
	$(BIN)/pytest -n 2 --dist worksteal -m "not slow"

test-all: $(VENV)/installed
	$(BIN)/pytest -n 2 --dist worksteal

check: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(MAKE) typecheck

# Type checkers see neurorl.envs and neurorl.agents in an installed wheel only.
typecheck: wheel
	rm -rf build/typecheck && $(BIN)/pip install --quiet --no-deps --target build/typecheck dist/neurorl-*.whl
	cd build/typecheck && $(abspath $(BIN))/mypy --config-file $(abspath pyproject.toml) -p neurorl

wheel: $(VENV)/installed
	rm -rf dist && $(BIN)/python -m build --wheel --outdir dist . > build.log 2>&1 || (cat build.log; exit 1)
	rm -f build.log

bench: $(VENV)/installed
	$(BIN)/python -m experiments.benchmarks.training_speed
	$(BIN)/python -m experiments.benchmarks.host_loop_speed

# The learning curves of every agent and their table, from nothing; started again, it goes on.
figures: $(VENV)/installed
	$(BIN)/python -m experiments.learning_curves --jobs 2

# The site, in build/site; strict: a link that leads nowhere, a notebook that fails or a symbol without a page is an error.
docs: $(VENV)/installed-docs
	$(BIN)/python -m mkdocs build

docs-serve: $(VENV)/installed-docs
	$(BIN)/python -m mkdocs serve

$(VENV)/installed-docs: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[$(EXTRAS),docs]"
	touch $@

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[$(EXTRAS)]"
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info
