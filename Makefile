# Keguan 科管: every task of the house. All paths are relative, so the checkout may live anywhere.
# Needs Python ≥ 3.11, make and git; everything else comes from the lock files.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run install test lint bench soak papers lock clean

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --no-input
JOBS ?= 2
# More words for pytest: make test PYTEST_ARGS="tests/unit -k money"
PYTEST_ARGS ?=

help:
	@echo "make run      启动科管（演示数据）   start Keguan with a demo bureau on http://127.0.0.1:8000"
	@echo "make install  安装                   install into .venv ($(BIN)/keguan)"
	@echo "make test     检查并运行全部测试     linters and every test"
	@echo "make lint     只做静态检查           ruff, mypy, import-linter"
	@echo "make bench    性能测试               the figures we measure ourselves by"
	@echo "make soak     长时间随机测试         property tests with 20 times the examples"
	@echo "make papers   重制文书模板           draw the Word templates anew"
	@echo "make lock     更新锁定文件           resolve the lock files anew"
	@echo "make clean    清理                   remove .venv and caches; instance/ stays"

run: .venv/.installed
	@$(BIN)/keguan demo
	@exec $(BIN)/keguan run

install: .venv/.installed

test: lint
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal --durations=20 --durations-min=3 $(PYTEST_ARGS)

lint: .venv/.installed-test
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.installed-test
	$(BIN)/python -m tests.bench

soak: .venv/.installed-test
	KEGUAN_SOAK=1 $(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(PYTEST_ARGS)

papers: .venv/.installed
	$(BIN)/python -m reports.papers.drawing

# The locks hold for every platform and every Python from 3.11 on, with hashes; --upgrade takes what is newest.
lock: .venv/.installed
	$(PIP) uv
	$(BIN)/uv pip compile $(LOCK_OPTIONS) --extra build --output-file requirements.lock setup.cfg
	$(BIN)/uv pip compile $(LOCK_OPTIONS) --extra build --extra test --constraint requirements.lock \
		--output-file requirements-test.lock setup.cfg

LOCK_OPTIONS := --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-strip-extras --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock"

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find app finance lifecycle reports templates tests -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is written last, so a broken install is done again. PYTHON=... names the interpreter to use; a name on the
# PATH is only taken when it runs, is new enough and can make environments.
.venv/.made:
	@for python in $(PYTHON) python3.13 python3.12 python3.11 python3.14 python3 python; do \
		"$$python" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue; \
		"$$python" -m venv --clear .venv && touch $@ && exit 0; \
	done; \
	echo "需要 Python 3.11 或更高版本（含 venv 模块），本机未找到。请安装后重试，或用 make PYTHON=路径 指定。" >&2; \
	echo "Python 3.11 or newer with its venv module was not found. Install it, or name it: make PYTHON=/path/to/python" >&2; \
	exit 1

.venv/.installed: .venv/.made requirements.lock setup.cfg pyproject.toml
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.installed-test: .venv/.installed requirements-test.lock
	$(PIP) --require-hashes -r requirements-test.lock
	@touch $@
