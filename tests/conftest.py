import os

# One thread a library: tests run beside each other and must not depend on the number of cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from hypothesis import settings

settings.register_profile("gemcore", deadline=None, max_examples=50, derandomize=True)
settings.load_profile("gemcore")
