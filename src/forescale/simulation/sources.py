"""The list of materials of a campaign: read, parsed, merged, shuffled."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from forescale._machine.plugins import build, said
from forescale.errors import DataError, MaterialError
from forescale.materials import parse_material
from forescale.simulation.campaign import Campaign, MaterialsConfig
from forescale.simulation.generators import GENERATORS
from forescale.tables import Dialect, read_columns

SHOWN = 5
MOST = 1_000_000
"""Materials that a generator may yield."""


@dataclass(frozen=True)
class MaterialList:
    """Canonical keys in the order to be done, and the entries set aside with reasons."""

    keys: list[str]
    rejected: list[tuple[str, int, str, str]]  # origin, row (from 1), text, reason


def list_materials(campaign: Campaign) -> MaterialList:
    """All materials of a campaign, each once, in the order of its seed.

    Raises
    ------
    DataError
        If a material cannot be read and the campaign says ``on_error = "raise"``.
    """
    keys: dict[str, None] = {}
    rejected: list[tuple[str, int, str, str]] = []
    for number, config in enumerate(campaign.materials):
        origin, texts = _texts(config, campaign)
        found: dict[str, None] = {}
        if config.dataset is not None:  # of the catalog: canonical already
            found, texts = dict.fromkeys(texts), ()
        for row, text in enumerate(texts, start=1):
            try:
                found[parse_material(campaign.kind, text).key] = None
            except MaterialError as error:
                rejected.append((origin, row, str(text), str(error)))
        order = sorted(found)
        random.Random(f"{campaign.seed}/{number}").shuffle(order)  # noqa: S311
        keys |= dict.fromkeys(order[: config.limit])
    if rejected and campaign.on_error == "raise":
        shown = "; ".join(f"{o}, row {row}: {reason}" for o, row, _, reason in rejected[:SHOWN])
        raise DataError(
            f"{len(rejected)} of the materials cannot be read: {shown}"
            f"{' …' if len(rejected) > SHOWN else ''} "
            '(on_error = "skip" sets them aside in rejects.csv)'
        )
    order = list(keys)
    random.Random(campaign.seed).shuffle(order)  # noqa: S311
    return MaterialList(order, rejected)


def _texts(config: MaterialsConfig, campaign: Campaign) -> tuple[str, Iterable[str]]:
    if config.file is not None:
        return str(config.file), _column(config.file, config.column, config.sheet)
    if config.dataset is not None:
        return config.dataset, _catalog_keys(config.dataset)
    name = str(config.generator)
    generate = GENERATORS.find(name, folder=campaign.folder)
    made = build("materials.options", generate, config.options)
    with said(f"materials.generator: {name} fails"):
        texts = list(islice(made, MOST + 1))
    if len(texts) > MOST:
        raise DataError(
            f"materials.generator: {name} yields more than {MOST:,} materials; give it options "
            "with which it yields fewer"
        )
    return name, texts


def _column(file: Path, column: str, sheet: str | None) -> list[str]:
    return list(read_columns(file, [column], Dialect(sheet=sheet))[column])


def _catalog_keys(dataset: str) -> list[str]:
    """Materials of a catalog entry, whichever of its properties they have."""
    from forescale.catalog import get_entry, kept_dataset

    tables = [kept_dataset(dataset, name) for name in get_entry(dataset).properties]
    return list(dict.fromkeys(str(key) for table in tables for key in table.keys))
