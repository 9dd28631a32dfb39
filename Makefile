# What contributors run. `make build` once, then `make lint test`.
PYTHON ?= python
JOBS ?= 2

.PHONY: build test lint format core-test sanitize docs-check

build:  ## Editable install; C++ is built again on import.
	bash /work/notes/build.sh

test:
	pytest -q

lint:
	ruff check .
	ruff format --check .
	clang-format --dry-run --Werror $$(git ls-files '*.cpp' '*.h' '*.cu' '*.cuh')
	mypy
	$(PYTHON) -m mypy.stubtest gemcore._core
