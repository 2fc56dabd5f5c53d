"""The read tables: what the log means, kept in the transaction of each append and rebuilt at will."""

from feed.projections.rebuild import Difference, Progress, check, create, is_current, problems, rebuild, require_current
from feed.projections.refold import refold
from feed.projections.workbench import Workbench

__all__ = [
    "Difference",
    "Progress",
    "Workbench",
    "check",
    "create",
    "is_current",
    "problems",
    "rebuild",
    "refold",
    "require_current",
]
