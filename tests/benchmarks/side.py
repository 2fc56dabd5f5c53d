"""`python -m tests.benchmarks.side MODULE.FUNCTION ARGUMENTS`: one side of a comparison, in a process of its own.

The arguments are a JSON list; what the function counted is printed as a JSON object.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module


def main() -> None:
    name, arguments = sys.argv[1:]
    module, function = name.split(".")
    counted = getattr(import_module(f"tests.benchmarks.{module}"), function)(*json.loads(arguments))
    print(json.dumps(counted or {}))


if __name__ == "__main__":
    main()
