"""Reports the rebuilt tables as text, Markdown, JSON and charts."""

from __future__ import annotations

import json
import os
import platform
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from mininet_ros.escaping import as_markdown
from mininet_ros.inference.onnx_runtime import processor_name
from mininet_ros.lab.study.conclusions import Finding
from mininet_ros.lab.study.paper import TABLES
from mininet_ros.lab.study.plots import draw_accuracy
from mininet_ros.lab.study.rows import FIELDS, Row
from mininet_ros.lab.study.schedule import PROTOCOLS
from mininet_ros.lab.study.timing import Tables
from mininet_ros.results import ResultFolder

JSON, MARKDOWN = "study.json", "study.md"
LATENCY, PARAMETERS = "latency.png", "parameters.png"
# Heading, factor to the printed unit, decimals.
COLUMNS = {
    "parameters": ("Params (M)", 1e-6, 3),
    "gflops": ("GFLOPs", 1, 2),
    "megabytes": ("Memory (MB)", 1, 2),
    "cpu_ms": ("CPU (ms)", 1, 1),
    "gpu_ms": ("GPU (ms)", 1, 1),
    "miou": ("mIoU (%)", 100, 2),
}

# Number of columns that name a row, and of each quantity: here, in the paper, difference.
NAMING = 2
COLUMNS_A_QUANTITY = 3
TERMINAL_WIDTH = 100


@dataclass(frozen=True)
class Study:
    """All results of a study.

    Attributes:
        tables: rows by the number of their table.
        findings: checks of the paper's conclusions, by protocol and input size of the training
            (such as ``512x256``); empty if nothing was trained.
        measured: sentences that say how times and mIoU were measured.
        trained_on: images and input size of the training, such as ``camvid val, 192x144``.
    """

    tables: Tables
    findings: Mapping[tuple[str, str], Sequence[Finding]]
    measured: Sequence[str]
    trained_on: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON: rows by table; parameters as a count, mIoU 0 to 1."""
        return {
            "date": date.today().isoformat(),
            "machine": processor_name(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "measured": list(self.measured),
            "tables": {
                number: [row.as_dict() for row in rows] for number, rows in self.tables.items()
            },
            "conclusions": [
                {
                    "claim": finding.claim.text,
                    "protocol": protocol,
                    "input_size": size,
                    "verdict": finding.verdict,
                    "difference": finding.difference,
                    "uncertainty": finding.uncertainty,
                }
                for (protocol, size), findings in self.findings.items()
                for finding in findings
            ],
        }

    def as_text(self) -> str:
        """Return the report as text for a terminal."""
        parts = [
            "\n".join(
                [*map(_wrapped, (_title(number), *_remark(number))), *_blocks(cells_of(rows))]
            )
            for number, rows in self.tables.items()
        ]
        return "\n\n".join(map(_wrapped, [*parts, *self._notes("")]))

    def as_markdown(self) -> str:
        """Return the report as a Markdown page."""
        parts = ["# The paper's tables, rebuilt"]
        for number, rows in self.tables.items():
            heading, *body = cells_of(rows)
            lines = [_markdown_row(row) for row in (heading, ["---"] * len(heading), *body)]
            parts += [f"## {_title(number)}", "\n".join(lines), *_remark(number)]
        pictures = [f"![{name}]({name}.png)" for name in ("latency", "parameters")]
        return "\n\n".join([*parts, *self._notes("- "), *pictures]) + "\n"

    def write(self, folder: Path) -> None:
        """Write ``study.json``, ``study.md``, ``latency.png`` and ``parameters.png``.

        Raises:
            ResultError: the folder cannot be written, or it has other files with these names.
        """
        with study_results(folder) as results:
            new = results.staging
            text = json.dumps(self.as_dict(), indent=2) + "\n"
            (new / JSON).write_text(text, encoding="utf-8")
            (new / MARKDOWN).write_text(self.as_markdown(), encoding="utf-8")
            draw_accuracy(self.tables, "cpu_ms", new / LATENCY, self.trained_on)
            draw_accuracy(self.tables, "parameters", new / PARAMETERS, self.trained_on)

    def _notes(self, bullet: str) -> list[str]:
        notes = [
            "Each quantity: measured here, printed in the paper, difference. * marks a count that "
            "is not the printed one (parameters and memory to the printed digits, GFLOPs within "
            "1 %).",
            *self.measured,
        ]
        parts = ["\n".join(bullet + note for note in notes)]
        for (protocol, size), findings in self.findings.items():
            if findings:
                lines = [f"{bullet}{finding}" for finding in findings]
                tables = PROTOCOLS[protocol].tables
                heading = f"The paper's conclusions of Tables {tables} here, at {size}:"
                parts += [heading, "\n".join(lines)] if bullet else ["\n".join([heading, *lines])]
        return parts


def study_results(folder: Path) -> ResultFolder:
    """Return a context that replaces a study's report; concurrent processes take turns."""
    entries = (JSON, MARKDOWN, LATENCY, PARAMETERS)
    return ResultFolder(folder, "study", entries, wait=True)


def cells_of(rows: Sequence[Row]) -> list[list[str]]:
    """Return the cells of a table, headings first, without quantities that no row has."""
    fields = [
        field
        for field in FIELDS
        if any(getattr(row, field) is not None or row.printed(field) is not None for row in rows)
    ]
    headings = ["Configuration", "Input"]
    for field in fields:
        headings += [COLUMNS[field][0], "paper", "diff"]
    return [headings, *(_cells(row, fields) for row in rows)]


def _cells(row: Row, fields: Sequence[str]) -> list[str]:
    cells = [row.name, f"{row.width}x{row.height}"]
    for field in fields:
        _, factor, decimals = COLUMNS[field]
        ours, difference = (
            "-" if value is None else f"{factor * value:{sign}.{decimals}f}"
            for value, sign in ((getattr(row, field), ""), (row.difference(field), "+"))
        )
        if field == "miou" and row.miou_spread is not None:
            ours += f" ± {100 * row.miou_spread:.2f}"
        if field in ("parameters", "gflops", "megabytes") and row.agrees(field) is False:
            difference += "*"
        printed = getattr(row.paper, field) if row.paper else ""
        if field == "miou" and row.paper and row.paper.pretrained_miou:
            printed = f"{printed or '-'} ({row.paper.pretrained_miou} pretrained)"
        cells += [ours, printed or "-", difference]
    return cells


def _title(number: str) -> str:
    table = TABLES[number]
    return f"Table {number}: {table.title} ({table.evaluated_on})"


def _remark(number: str) -> list[str]:
    remark = TABLES[number].remark
    return [remark] if remark else []


def _blocks(table: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table, split into blocks that fit the width of the terminal.

    A block has whole quantities and begins with the two columns that name the row.
    """
    blocks: list[list[int]] = []
    for first in range(NAMING, len(table[0]), COLUMNS_A_QUANTITY):
        quantity = list(range(first, first + COLUMNS_A_QUANTITY))
        if not blocks or _width(table, [*blocks[-1], *quantity]) > TERMINAL_WIDTH:
            blocks.append(list(range(NAMING)))
        blocks[-1] += quantity
    lines = []
    for columns in blocks:
        lines += ["", *_aligned([[row[place] for place in columns] for row in table])]
    return lines


def _width(table: Sequence[Sequence[str]], columns: Sequence[int]) -> int:
    return max(map(len, _aligned([[row[place] for place in columns] for row in table])))


def _wrapped(text: str) -> str:
    return "\n".join(
        line if len(line) <= TERMINAL_WIDTH else textwrap.fill(line, TERMINAL_WIDTH)
        for line in text.splitlines()
    )


def _aligned(table: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place < 2 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]


def _markdown_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(map(as_markdown, cells)) + " |"
