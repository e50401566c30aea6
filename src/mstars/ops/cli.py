"""The command `mstars`: what people ask of finished or running surveys, beside the workflow itself.

A subcommand is a module with ``HELP`` (one line), ``add_arguments(parser)`` and ``run(arguments) -> int``; it is
imported only when called. To add one, write its module and name it in `COMMANDS`.
"""

from __future__ import annotations

import argparse
import importlib
import sys

from mstars.core.errors import InputError

COMMANDS = {
    "config": "mstars.ops.config_command",
    "data": "mstars.ops.data_command",
    "diff": "mstars.ops.diff",
    "measure": "mstars.measure",
    "summary": "mstars.ops.run_summary",
    "progress": "mstars.ops.progress",
    "verify": "mstars.ops.verify",
    "plan-cost": "mstars.ops.plan_cost",
    "compile": "mstars.ops.compile_loops",
    "explain": "mstars.ops.explain",
    "review": "mstars_desk.command",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one subcommand; 0 when it went well, 1 and one line on standard error for an `InputError`."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(prog="mstars", description="Look at the results of the mstars workflow.")
    parsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    named = next((word for word in arguments if word in COMMANDS), None)
    for name, path in COMMANDS.items() if named is None else [(named, COMMANDS[named])]:
        module = importlib.import_module(path)
        module.add_arguments(parsers.add_parser(name, help=module.HELP, description=module.__doc__))
    parsed = parser.parse_args(arguments)
    try:
        return importlib.import_module(COMMANDS[parsed.command]).run(parsed)
    except InputError as error:
        print(f"mstars {parsed.command}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
