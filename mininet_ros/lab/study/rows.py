"""One row of a table: cost and mIoU of a network here, beside the values of the paper."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import torch

from mininet_ros.lab.study.paper import PaperRow, PaperTable, number
from mininet_ros.network import NETWORKS, build_network, network_table
from mininet_ros.network.profile import NetworkProfile, profile_network

FIELDS = ("parameters", "gflops", "megabytes", "cpu_ms", "gpu_ms", "miou")
# Factors from the unit of the paper to the unit of a row.
UNITS = {"parameters": 1e6, "miou": 1e-2}
GFLOPS_TOLERANCE = 0.01


@dataclass(frozen=True)
class Row:
    """Values of one method here; None means unknown.

    Attributes:
        name: name of the method in the paper, or the name given with an ONNX file.
        network: name of the network in this package or of a user's own network; empty for others.
        options: options of the network's table of stages.
        width, height: size of the input in pixels.
        classes: number of classes of the network; 0 if unknown.
        parameters: number of trainable parameters.
        gflops: floating point operations in 10^9, as TensorFlow's profiler counts them.
        megabytes: size of parameters and batch norm statistics as float32, in 2^20 bytes as in the
            paper.
        cpu_ms, gpu_ms: median time in ms from image to label mask.
        mious: mIoU of each trained seed, 0 to 1.
        paper: row as printed in the paper.
    """

    name: str
    network: str
    width: int
    height: int
    classes: int
    parameters: int | None = None
    gflops: float | None = None
    megabytes: float | None = None
    cpu_ms: float | None = None
    gpu_ms: float | None = None
    mious: tuple[float, ...] = ()
    paper: PaperRow | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def miou(self) -> float | None:
        """Mean mIoU over the seeds, 0 to 1."""
        return statistics.fmean(self.mious) if self.mious else None

    @property
    def miou_spread(self) -> float | None:
        """Standard deviation of the mIoU over the seeds; None for fewer than two."""
        return statistics.stdev(self.mious) if len(self.mious) > 1 else None

    def printed(self, field: str) -> float | None:
        """Return the printed value of one of :data:`FIELDS`, in this row's unit."""
        value = number(getattr(self.paper, field)) if self.paper else None
        return None if value is None else value * UNITS.get(field, 1)

    def difference(self, field: str) -> float | None:
        """Return this row's value minus the printed one; None if one is unknown."""
        ours, printed = getattr(self, field), self.printed(field)
        return None if ours is None or printed is None else ours - printed

    def agrees(self, field: str) -> bool | None:
        """Return whether a count agrees with the printed one; None if one is unknown.

        Parameters and memory must agree in all printed digits, operations within 1 %.
        """
        ours, printed = getattr(self, field), self.printed(field)
        if ours is None or printed is None:
            return None
        if field == "gflops":
            return abs(ours - printed) <= GFLOPS_TOLERANCE * printed
        decimals = len(getattr(self.paper, field).rstrip("*").partition(".")[2])
        value, target = (x / UNITS.get(field, 1) for x in (ours, printed))
        return f"{value:.{decimals}f}" == f"{target:.{decimals}f}"

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as plain values, for JSON."""
        values: dict[str, Any] = {
            "name": self.name,
            "network": self.network or None,
            "input_size": f"{self.width}x{self.height}",
            "classes": self.classes or None,
        }
        values |= {field: getattr(self, field) for field in FIELDS}
        values |= {"miou_spread": self.miou_spread, "miou_of_seeds": list(self.mious)}
        values["paper"] = self.paper and {field: self.printed(field) for field in FIELDS} | {
            "pretrained_miou": _percent(self.paper.pretrained_miou),
            "gpu": self.paper.gpu_ms or None,
        }
        values["difference"] = {field: self.difference(field) for field in FIELDS}
        values["agrees"] = {
            field: self.agrees(field) for field in ("parameters", "gflops", "megabytes")
        }
        return values


def rows_of(table: PaperTable) -> list[Row]:
    """Return the rows of a table, with the cost of the networks of this package."""
    return [_with_cost(row, table.classes) for row in table.rows]


def same_network(name: str) -> str:
    """Return the first name of the same network in this package; a user's network keeps its name.

    Some rows of different tables are the same network, which is measured and trained only once.
    """
    if name not in NETWORKS:
        return name
    table = network_table(name, 2)
    return next(other for other in NETWORKS if network_table(other, 2) == table)


def named(rows: Sequence[Row], name: str) -> list[int]:
    """Return the indices of the rows of a method; upper and lower case are equal."""
    return [place for place, row in enumerate(rows) if row.name.casefold() == name.casefold()]


def own_row(name: str, options: Mapping[str, Any], width: int, height: int, classes: int) -> Row:
    """Return the row of a user's own network, with its cost."""
    with torch.device("meta"):  # counted, not computed
        profile = profile_network(build_network(name, classes, **options), width, height)
    return _priced(Row(name, name, width, height, classes, options=options), profile)


def _with_cost(paper: PaperRow, classes: int) -> Row:
    if not paper.network:
        return Row(paper.name, "", paper.width, paper.height, 0, paper=paper)
    profile = _profile(same_network(paper.network), classes, paper.width, paper.height)
    row = Row(paper.name, paper.network, paper.width, paper.height, classes, paper=paper)
    return _priced(row, profile)


def _priced(row: Row, profile: NetworkProfile) -> Row:
    return replace(
        row,
        parameters=profile.parameters,
        gflops=profile.gflops,
        megabytes=profile.mebibytes,
    )


@cache
def _profile(network: str, classes: int, width: int, height: int) -> NetworkProfile:
    with torch.device("meta"):  # counted, not computed
        return profile_network(build_network(network, classes), width, height)


def _percent(printed: str) -> float | None:
    value = number(printed)
    return None if value is None else value / 100
