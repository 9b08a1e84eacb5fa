"""``neurorl compare RUN...``: learning curves with bands, and the table."""

import argparse
from typing import Any


def add(commands: Any) -> None:
    """Add the command and its arguments to the parser."""
    parser = commands.add_parser(
        "compare",
        help="compare runs: learning curves with bands, and a table",
        description="Compare runs: draw learning curves with bands, and print the table as Markdown. What is not alike is said.",
    )
    parser.add_argument("runs", nargs="+", metavar="RUN", help="folder of a run")
    parser.add_argument(
        "--out", metavar="FILE", default="comparison.png", help="figure; the table goes beside it as .md and .csv [%(default)s]"
    )
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from neurorl.files import write_atomically
    from neurorl.results import compare, figures, result

    figure = figures.target(arguments.out)
    comparison = compare.compare([result.read(directory) for directory in arguments.runs])
    text = compare.markdown(comparison)
    write_atomically(figure.with_suffix(".md"), lambda temporary: temporary.write_text(text))
    write_atomically(figure.with_suffix(".csv"), lambda temporary: temporary.write_text(compare.csv(comparison)))
    print(text)
    figures.comparison(comparison, figure)  # last: the table does not wait for it
    print(f"figure: {figure}  table: {figure.with_suffix('.md')}  {figure.with_suffix('.csv')}")
    return 0
