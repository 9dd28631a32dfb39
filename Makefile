# For contributors: `make build` once in a virtual environment, then `make lint test docs`.
NATIVE = $(shell git ls-files '*.cpp' '*.h' '*.cu' '*.cuh')

.PHONY: build test test-cuda cuda-resources lint docs format sanitize fuzz fuzz-coverage optimized portable cross

# What `make fuzz` runs: shared by the levels; `make fuzz FUZZ_LEVEL=avx2 FUZZ_SECONDS=3600`.
FUZZ_LEVEL = all
FUZZ_SECONDS = 60
FUZZ_SEED = 0
FUZZ_PRESET = optimized
FUZZ = tests/csrc/fuzz/fuzz_kernels --level $(FUZZ_LEVEL) --seconds $(FUZZ_SECONDS) --seed $(FUZZ_SEED) \
  --commit $$(git rev-parse --short HEAD)
# ThreadSanitizer of GCC 12 dies of the addresses that newer systems choose at random.
SAME_ADDRESSES = $(shell setarch -R true 2>/dev/null && echo setarch -R)

build:  # Editable: Python is read from here, C++ is built again on import where it changed.
	pip install -c constraints.txt '.[test,lint,docs]' scikit-build-core pybind11
	pip install --no-build-isolation --no-deps -Ceditable.rebuild=true -Ceditable.verbose=false \
	  -Cbuild-dir=build/editable -Ccmake.define.GEMCORE_WERROR=ON -e .

test:
	pytest

test-cuda:  # What runs on a GPU, on an emulated one: needs no CUDA. Instead of test's skipped tests.
	cmake --preset optimized -Dpybind11_DIR=$$(python -m pybind11 --cmakedir)
	cmake --build --preset optimized --target cuda_emulated
	GEMCORE_EMULATED_CUDA=build/optimized/tests/csrc pytest tests/test_device_*.py

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

sanitize:  # csrc/ alone under AddressSanitizer, UndefinedBehaviorSanitizer, then ThreadSanitizer.
	cmake --preset address
	cmake --build --preset address
	ctest --preset address
	cmake --preset thread
	cmake --build --preset thread
	$(SAME_ADDRESSES) ctest --preset thread

optimized:  # csrc/ alone, as it is shipped: objects of wide twins are looked at too.
	cmake --preset optimized
	cmake --build --preset optimized
	ctest --preset optimized

fuzz:  # Random graphs through every entry point; FUZZ_PRESET=address under its sanitizers.
	cmake --preset $(FUZZ_PRESET)
	cmake --build --preset $(FUZZ_PRESET) --target fuzz_kernels
	build/$(FUZZ_PRESET)/$(FUZZ)

fuzz-coverage:  # Which lines of csrc/ that reaches.
	cmake --preset coverage
	cmake --build --preset coverage --target fuzz_kernels
	find build/coverage -name '*.gcda' -delete
	build/coverage/$(FUZZ)
	python tests/csrc/fuzz/coverage.py build/coverage --missed

portable:  # csrc/ alone, without wide twins.
	cmake --preset portable
	cmake --build --preset portable
	ctest --preset portable

cross:  # The same, for and on an emulated aarch64.
	@type aarch64-linux-gnu-g++ qemu-aarch64 >/dev/null 2>&1 || { echo "make cross needs a cross \
	compiler and an emulator: apt-get install g++-aarch64-linux-gnu qemu-user"; exit 1; }
	cmake --preset aarch64
	cmake --build --preset aarch64
	ctest --preset aarch64
