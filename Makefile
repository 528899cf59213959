# The front door of the source tree. `make help` lists what there is.

CARGO ?= cargo
DEMO_URL ?= http://127.0.0.1:8080

.PHONY: help build demo test test-long bench fmt lint deb clean-demo

help:
	@echo 'make demo        build, make a synthetic registry in ./demo-data, serve it on $(DEMO_URL)'
	@echo 'make test        everything CI runs: formatting, lints, unit, front-door and browser tests'
	@echo 'make test-long   the long ones: kill rounds, million-case runs, fuzzing, soak'
	@echo 'make bench       the measurements of docs/speed.md'
	@echo 'make build       the program, optimized: target/release/accession'
	@echo 'make deb         a Debian package in target/debian'
	@echo 'make fmt lint    format the source; check it'
	@echo 'make clean-demo  remove ./demo-data'

build:
	@.ci/components build
	$(CARGO) build --locked --release

demo: build
	target/release/accession demo

test:
	@.ci/components test
	@.ci/test

test-long:
	@.ci/components test
	@.ci/test --long

bench:
	@.ci/components build
	$(CARGO) bench --locked

fmt:
	$(CARGO) fmt

lint:
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings

deb: build
	packaging/deb/make target/release/accession target/debian

clean-demo:
	rm -rf demo-data
