# For contributors: `make build` once in a virtual environment, then `make lint test docs`.
NATIVE = $(shell git ls-files '*.cpp' '*.h' '*.cu' '*.cuh')

.PHONY: build test test-cuda cuda-resources lint docs format sanitize

build:  # Editable: Python is read from here, C++ is built again on import where it changed.
	pip install -c constraints.txt '.[test,lint,docs]' scikit-build-core pybind11
	pip install --no-build-isolation --no-deps -Ceditable.rebuild=true -Ceditable.verbose=false \
	  -Cbuild-dir=build/editable -Ccmake.define.GEMCORE_WERROR=ON -e .

test:
	pytest

test-cuda:  # What runs on a GPU, on an emulated one: needs no CUDA. Instead of test's skipped tests.
	cmake --preset core -Dpybind11_DIR=$$(python -m pybind11 --cmakedir)
	cmake --build --preset core --target cuda_emulated
	GEMCORE_EMULATED_CUDA=build/core/tests/csrc pytest tests/test_device_*.py

cuda-resources:  # Registers, spills and shared memory of each kernel; needs CUDA's compiler.
	python benchmarks/cuda_resources.py

lint:
	ruff check .
	ruff format --check .
	clang-format --dry-run --Werror $(NATIVE)
	mypy
	stubtest --mypy-config-file pyproject.toml gemcore._core
	python -P -c "import gemcore._cuda" 2>/dev/null || exit 0; stubtest --mypy-config-file pyproject.toml gemcore._cuda

docs:  # Into site/; a broken link, a page in no menu or a docstring that can't be read fails.
	NO_MKDOCS_2_WARNING=1 mkdocs build --strict

format:
	ruff check --fix .
	ruff format .
	clang-format -i $(NATIVE)

sanitize:  # csrc/ alone; `thread` instead of `address` looks for data races.
	cmake --preset address
	cmake --build --preset address
	ctest --preset address
