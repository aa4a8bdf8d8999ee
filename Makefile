# Two commands do everything from a fresh clone: `make demo` and `make test`. `make help` lists the rest.
PYTHON ?= python3.11
LAKE ?= lake
VENV := .venv
BIN := $(VENV)/bin
VENV_GPU := .venv-gpu
VENV_VLLM := .venv-vllm
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test test-properties test-slow test-kills test-gpu test-vllm lint ui bench help clean

demo: $(VENV)/.core ## caption the example clips with the embedded profile
	$(BIN)/fusionaudio demo --lake $(LAKE)

test: lint ## lint, types and the default tests
	$(BIN)/fusionaudio models fetch --profile embedded
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

test-properties: $(VENV)/.dev ## what must hold for all inputs, on 50 times as many examples, other ones each time (about 20 minutes)
	$(BIN)/fusionaudio models fetch --profile embedded
	$(BIN)/python -m pytest --numprocesses 2 -m hypothesis --hypothesis-profile search --timeout 3600

test-slow: $(VENV)/.dev ## the tests that take minutes: kills and power cuts under the real daemon
	$(BIN)/fusionaudio models fetch --profile embedded
	$(BIN)/python -m pytest -m slow

test-kills: $(VENV)/.dev ## kill -9 at 40 counted events of a run with real models, and print what they cost
	$(BIN)/fusionaudio models fetch --profile embedded
	$(BIN)/python -m pytest -m slow --capture=no tests/recovery

test-gpu: $(VENV_GPU)/.gpu ## the models on torch, with small random weights, in an environment of their own
	$(VENV_GPU)/bin/fusionaudio models fetch --profile embedded
	$(VENV_GPU)/bin/python -m pytest tests/gpu tests/resources/test_torch_models.py

test-vllm: $(VENV)/.dev $(VENV_VLLM)/.vllm ## captions and questions by a real vLLM on the CPU, in an environment of its own (3.5 GB)
	$(BIN)/fusionaudio models fetch --profile embedded
	FUSIONAUDIO_VLLM_PYTHON=$(abspath $(VENV_VLLM)/bin/python) $(BIN)/python -m pytest --verbose --capture=no tests/vllm

lint: $(VENV)/.dev ## ruff (lint and format) and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

ui: $(VENV)/.core ## open the Dagster UI on LAKE (default ./lake), on loopback
	$(BIN)/fusionaudio ui --lake $(LAKE)

bench: $(VENV)/.dev ## platform overhead, stages against their limits, the embedded pipeline against a naive loop (about 20 minutes)
	$(BIN)/python -m benchmarks.overhead
	$(BIN)/python -m benchmarks.stages
	$(BIN)/python -m benchmarks.pipeline

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# A stamp is newer than what it was made from, so that a changed pin installs again.
$(VENV)/.core: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) install --constraint constraints.txt --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.core
	$(PIP) install --constraint constraints.txt --editable '.[dev]'
	touch $@

# torch lives apart, so that nothing else comes to need it unnoticed.
$(VENV_GPU)/.gpu: pyproject.toml constraints.txt
	test -x $(VENV_GPU)/bin/python || $(PYTHON) -m venv $(VENV_GPU)
	$(VENV_GPU)/bin/python -m pip --disable-pip-version-check --quiet install \
		--constraint constraints.txt --editable '.[dev,gpu]'
	touch $@

# What comes with vLLM for pictures and sound is built for a GPU and does not load on a CPU.
$(VENV_VLLM)/.vllm: tests/vllm/requirements.txt
	test -x $(VENV_VLLM)/bin/python || $(PYTHON) -m venv $(VENV_VLLM)
	$(VENV_VLLM)/bin/python -m pip --disable-pip-version-check --quiet install --requirement $<
	$(VENV_VLLM)/bin/python -m pip --disable-pip-version-check --quiet uninstall --yes torchvision torchaudio torchcodec
	touch $@

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

clean: ## remove the environment and caches of tools; lakes and weights stay
	rm -rf $(VENV) $(VENV_GPU) $(VENV_VLLM) .mypy_cache .ruff_cache .pytest_cache build *.egg-info
