"""Scripts of experiments/ import what lies beside them; so do their tests."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "experiments"))
sys.path.append(str(ROOT))  # Processes import tests by name; last, behind the installed package.
