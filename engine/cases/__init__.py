"""Cases beside the transforms: what becomes of a message, loaded, run, compared and written out for readers."""

from .case import CANONICAL, Case
from .check import Difference, check_case
from .load import load_cases
from .run import Made, run_case

__all__ = ["CANONICAL", "Case", "Difference", "Made", "check_case", "load_cases", "run_case"]
