"""From a spec to SQL text. Pure: no database, no clock."""

from scoring.compiler.active_days import compile_active_days
from scoring.compiler.compiled import FEW, Compiled, are_few
from scoring.compiler.happenings import compile_happenings
from scoring.compiler.version import compile_version

__all__ = ["FEW", "Compiled", "are_few", "compile_active_days", "compile_happenings", "compile_version"]
