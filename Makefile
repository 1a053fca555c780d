# Facial expression recognition for robots. Every target does its own set-up (.venv, once).
PYTHON ?= python3
SOURCE ?= demo
DURATION ?=
ARGS ?=
WITH_TORCH ?=

SHELL := /bin/bash
RUN := . .venv/ros_environment.sh &&

# Programs that load onnxruntime before fer_ros: no telemetry there either.
export ORT_DISABLE_TELEMETRY ?= 1

.PHONY: help setup demo test lint docs audit bench soak clean
.DEFAULT_GOAL := help

help:  ## show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16
	@echo 'Variables: PYTHON=python3.12  SOURCE=demo|0|video.mp4|folder|bag  DURATION=seconds'
	@echo '           ARGS="more arguments of the program that is called"  WITH_TORCH=1'

setup:  ## make the environment .venv, or what of it is missing
	@$(PYTHON) tools/setup_environment.py $(if $(WITH_TORCH),--torch)

demo: setup  ## real faces over real ROS 2: a table here, a video in demo_output/
	@$(RUN) python -m fer_ros demo --source '$(SOURCE)' $(if $(DURATION),--duration $(DURATION)) $(ARGS)

test: lint  ## lint, then all tests; what was skipped (why) or run twice is listed
	@$(RUN) python -m pytest -n 2 --dist loadgroup -rsR $(ARGS)

lint: setup  ## style (ruff), types (mypy), spelling (codespell)
	@$(RUN) python -m ruff check . && python -m mypy && python -m codespell_lib

docs: setup  ## the documents as a site, with the API: build/docs/html/index.html
	@$(RUN) python -m sphinx -b html -q -W --keep-going docs build/docs/html $(ARGS)
	@echo 'written: build/docs/html/index.html'

audit: setup  ## known vulnerabilities of the pinned packages (pip-audit; asks a server)
	@test -x .venv/audit/bin/pip-audit || (python3 -m venv .venv/audit && .venv/audit/bin/pip install -q pip-audit)
	@.venv/audit/bin/pip-audit --disable-pip --require-hashes $(addprefix -r requirements/,runtime.txt ros.txt development.txt) $(ARGS)

bench: setup  ## time per frame and latency, as measured here
	@$(RUN) python -m benchmark.run $(ARGS)

soak: setup  ## emotion_node under all that may go wrong, for an hour or DURATION seconds
	@$(RUN) python -m benchmark.soak $(if $(DURATION),--duration $(DURATION)) $(ARGS)

clean:  ## remove .venv and all that was built
	rm -rf .venv build install log demo_output .pytest_cache .mypy_cache .ruff_cache .hypothesis
