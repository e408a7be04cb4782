# Thin over CMake: each target is one line that a shell could run. `make help` lists them.
PREFIX ?= /usr/local
DESTDIR ?=
FUZZ_SECONDS ?= 60

.NOTPARALLEL:
.PHONY: all run test test-python models bench install fuzz sanitizers coverage format lint clean help

all: ## the program build/tacit and the libraries in build/release
	@tools/build release

run: ## set up this machine, build, and classify two sentences
	@tools/demo

test: ## set up this machine, build, and run all tests of the C code
	@tools/test release

test-python: ## set up an environment with PyTorch, and run the tests of python/
	@tools/setup build python
	@tools/test-python

models: ## train the models in models/ anew (an hour); tools/models has more
	@tools/setup build python
	@tools/models

bench: ## time one inference of each shape on random weights
	@tools/bench

install: ## program, libraries, header, manual: PREFIX=/usr/local DESTDIR=
	@tools/build release
	@DESTDIR="$(DESTDIR)" cmake --install build/release --prefix "$(PREFIX)"

fuzz: ## run each fuzz target for FUZZ_SECONDS=60
	@tools/fuzz $(FUZZ_SECONDS)

sanitizers: ## all tests under the address, undefined, thread and memory sanitizers
	@tools/test asan
	@tools/test tsan
	@tools/test msan

coverage: ## which lines of src/ the tests reach
	@tools/coverage

format: ## lay out the C files
	@tools/setup check
	@git ls-files '*.c' '*.h' | xargs clang-format -i

lint: ## layout, shell scripts, manual page, and the rules of CONTRIBUTING.md
	@tools/lint

clean: ## remove build/
	rm -rf build

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{ printf "make %-12s %s\n", $$1, $$2 }' Makefile
