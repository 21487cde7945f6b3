# SPDX-License-Identifier: Apache-2.0
# `make` lists the targets. Everything that they make goes to build/, .build-*/ and .venv/.

VERSION := $(shell sed -n 's/^.define VALUATION_VERSION "\(.*\)"/\1/p' Include/valuation.h)
ABI := $(shell sed -n 's/^.define VALUATION_ABI_VERSION //p' Include/valuation.h)
SECONDS_PER_FUZZER ?= 60
# 1 links with the machine's shared jansson and zlib: see Package.swift.
export VALUATION_SHARED ?= 0

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON := .venv/bin/python
# What `make install` puts into INCLUDEDIR. (valuation_solver.h is the pipeline's own.)
HEADERS := Include/valuation.h
CORE := $(shell find Sources/Valuation Sources/CJansson Sources/CZlib Sources/CPlatform Sources/CKernels Sources/CChecksum Sources/CStandIns -type f) \
	$(HEADERS) Include/module.modulemap
SOLVING := $(shell find Sources/ValuationSolver Sources/CPlatform -type f) \
	Include/valuation.h Include/valuation_solver.h Include/module.modulemap
COMMAND := $(shell find Sources/ValuationCLI Sources/ValuationMain -type f)
PACKAGE := $(shell find bindings/python/src -name '*.py' -o -name py.typed) bindings/python/pyproject.toml \
	bindings/python/hatch_build.py bindings/python/build_wheel.py
PIPELINE := $(shell find pipeline/src -type f -not -name '*.pyc') pipeline/pyproject.toml pipeline/README.md \
	bindings/python/hatch_build.py bindings/python/build_wheel.py
LIBRARY := build/lib/libvaluation.so.$(VERSION)
# The same with its debugging symbols.
UNSTRIPPED := build/unstripped/libvaluation.so
# Its debugging symbols alone; LIBRARY names this file, and gdb looks for it in .debug/ beside the library.
DEBUG_FILE := build/lib/debug/libvaluation.so.$(VERSION).debug
ARCHIVE := build/lib/libvaluation.a
SOLVER := build/lib/libvaluation_solver.so.$(VERSION)

include Packaging/static.mk Packaging/install.mk Packaging/debian.mk

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 17

# ---- What must be on the machine. Each target installs it, or says what to run. --------------------------------
# Swift is looked for by the recipes that run it, so that root, who may not have it, can install what a user built.

.PHONY: requirements test-requirements thorough-requirements
requirements:
	@Scripts/requirements.sh libjansson-dev zlib1g-dev libxxhash-dev pkg-config gcc python3-venv

test-requirements: requirements deb-requirements
	@Scripts/swift.sh
	@Scripts/requirements.sh g++ libjson-c-dev locales valgrind curl rsync chromium chromium-driver cmake gdb

thorough-requirements: test-requirements
	@Scripts/requirements.sh openjdk-17-jre-headless

# ---- Building ---------------------------------------------------------------------------------------------------

.PHONY: build
build: library build/bin/valuation ## Leave the library, shared and static, its headers and the command in build/

.PHONY: library
library: $(LIBRARY) $(DEBUG_FILE) $(ARCHIVE)

$(LIBRARY) $(DEBUG_FILE) &: Package.swift $(CORE) | requirements
	@echo "==> Building libvaluation.so (Embedded Swift)"
	@Scripts/swift.sh
	VALUATION_BUILD=library swift build -c release --scratch-path .build-library
	mkdir -p build/lib/debug build/include build/unstripped
	cp $(HEADERS) build/include/
	@# The linker leaves the index of names in pieces, which debuggers refuse.
	objcopy --remove-section=.debug_names .build-library/release/libvaluation.so $(UNSTRIPPED)
	objcopy --only-keep-debug --compress-debug-sections $(UNSTRIPPED) $(DEBUG_FILE)
	strip --strip-unneeded -o $(LIBRARY).new $(UNSTRIPPED)
	objcopy --add-gnu-debuglink=$(DEBUG_FILE) $(LIBRARY).new
	mv $(LIBRARY).new $(LIBRARY)
	ln -sf libvaluation.so.$(VERSION) build/lib/libvaluation.so.$(ABI)
	ln -sf libvaluation.so.$(ABI) build/lib/libvaluation.so

.PHONY: solver
solver: $(SOLVER) ## Leave the solver of the batch half and its header in build/

$(SOLVER): Package.swift $(SOLVING)
	@echo "==> Building libvaluation_solver.so (Embedded Swift)"
	@Scripts/swift.sh
	VALUATION_BUILD=solver swift build -c release --scratch-path .build-solver
	mkdir -p build/lib build/include
	cp Include/valuation_solver.h build/include/
	strip --strip-unneeded -o $@.new .build-solver/release/libvaluation_solver.so
	mv $@.new $@
	ln -sf libvaluation_solver.so.$(VERSION) build/lib/libvaluation_solver.so.$(ABI)
	ln -sf libvaluation_solver.so.$(ABI) build/lib/libvaluation_solver.so

build/bin/valuation: $(LIBRARY) $(COMMAND)
	@echo "==> Building the valuation command"
	@Scripts/swift.sh
	VALUATION_BUILD=command swift build -c release --static-swift-stdlib --scratch-path .build-command
	mkdir -p build/bin
	strip -o $@.new .build-command/release/valuation
	mv $@.new $@

.PHONY: wheel
wheel: build/wheel/.made ## Build the Python wheel

build/wheel/.made: $(LIBRARY) $(PACKAGE) .venv/.build
	@echo "==> Building the Python wheel"
	$(PYTHON) bindings/python/build_wheel.py build/lib build/wheel
	touch $@

.PHONY: pipeline-wheel
pipeline-wheel: build/pipeline-wheel/.made ## Build the wheel of the pipeline, with the solver in it

build/pipeline-wheel/.made: $(SOLVER) $(PIPELINE) .venv/.build
	@echo "==> Building the wheel of the pipeline"
	$(PYTHON) bindings/python/build_wheel.py build/lib build/pipeline-wheel --project pipeline
	touch $@

.venv/.made: | requirements
	@echo "==> Making .venv"
	python3 -c 'import sys; sys.exit("Python 3.10 or newer is needed; install it and try again." if sys.version_info < (3, 10) else 0)'
	python3 -m venv .venv
	touch $@

.venv/.build: .venv/.made bindings/python/build-requirements.txt
	$(PYTHON) -m pip install --quiet --disable-pip-version-check -r bindings/python/build-requirements.txt
	touch $@

# The wheel with the packages of its tests; a new wheel replaces the installed one.
.venv/.test: build/wheel/.made
	@echo "==> Installing the wheel and the Python packages of its tests"
	$(PYTHON) -m pip install --quiet --disable-pip-version-check "$$(ls build/wheel/*.whl)[test]"
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps build/wheel/*.whl
	touch $@

# The engine's wheel and the pipeline's, without and with the packages of their tests.
.venv/.pipeline .venv/.pipeline,test: .venv/.pipeline%: build/wheel/.made build/pipeline-wheel/.made
	@echo "==> Installing the pipeline and the Python packages that it needs"
	$(PYTHON) -c 'import sys; sys.exit("The pipeline needs Python 3.11 or newer; install it, make clean, and try again." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m pip install --quiet --disable-pip-version-check build/wheel/*.whl "$$(ls build/pipeline-wheel/*.whl)$(if $*,[test])"
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps build/wheel/*.whl build/pipeline-wheel/*.whl
	touch $@

.venv/.spark: .venv/.pipeline,test
	@echo "==> Installing pyspark (two to three minutes)"
	$(PYTHON) -m pip install --quiet --disable-pip-version-check "$$(ls build/pipeline-wheel/*.whl)[spark]"
	touch $@

.venv/.bench: build/wheel/.made Benchmarks/requirements.txt
	@echo "==> Installing the wheel and the Python packages of the benchmark"
	$(PYTHON) -m pip install --quiet --disable-pip-version-check -r Benchmarks/requirements.txt
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps build/wheel/*.whl
	touch $@

# ---- Showing, testing, measuring --------------------------------------------------------------------------------

.PHONY: demo
demo: build .venv/.pipeline ## Train on a real log, check, publish, score, report (from nothing)
	$(PYTHON) pipeline/examples/open_bandit/demo.py

.PHONY: pipeline
pipeline: build .venv/.pipeline ## Put the pipeline into .venv: .venv/bin/valuation-pipeline

.PHONY: lock
lock: build/wheel/.made ## Renew pipeline/requirements.lock with the newest packages that are allowed
	$(PYTHON) -m pip install --quiet --disable-pip-version-check uv
	.venv/bin/uv pip compile pipeline/pyproject.toml --quiet --upgrade --python-version 3.11 --generate-hashes \
		--find-links build/wheel --no-emit-package valuation --no-emit-find-links --no-annotate \
		--custom-compile-command "make lock" --output-file pipeline/requirements.lock

.PHONY: test test-thorough tested tested-thorough
test: test-requirements ## Run the tests in every language (from nothing, a quarter of an hour on two processors)
	python3 Tests/run.py

test-thorough: thorough-requirements ## Run what takes longer: the core under sanitizers, faults and swaps, Spark, and the fuzzers
	python3 Tests/run.py --thorough

tested: build solver .venv/.test .venv/.pipeline,test

tested-thorough: tested .venv/.spark

# Only one pip may run at a time.
.venv/.pipeline,test: | .venv/.test

.PHONY: bench-requirements bench bench-quick
bench-requirements: test-requirements
	@Scripts/requirements.sh liblinear-dev

bench: bench-requirements build .venv/.bench ## Measure against other engines and the machine's limit (about 20 minutes)
	$(PYTHON) Benchmarks/bench.py

bench-quick: bench-requirements build .venv/.bench ## The same at a few points, in two minutes
	$(PYTHON) Benchmarks/bench.py --quick

.PHONY: fuzz
fuzz: requirements .venv/.test ## Fuzz whatever reads bytes or arrays from outside, SECONDS_PER_FUZZER each
	$(PYTHON) Fuzz/fuzz.py --seconds $(SECONDS_PER_FUZZER)

.PHONY: torture
torture: test-requirements build .venv/.test ## The whole fault campaign: fuzzers, faults, swaps under load (half an hour)
	$(PYTHON) Fuzz/fuzz.py --seconds 600
	$(PYTHON) Tests/Torture/torture.py

.PHONY: lint
lint: .venv/.test .venv/.pipeline,test ## Check formatting and lint rules
	$(PYTHON) Scripts/lint.py

.PHONY: format
format: .venv/.test ## Format everything
	$(PYTHON) Scripts/lint.py --fix

.PHONY: clean
clean: ## Remove everything that was made
	rm -rf build .build-* .venv
