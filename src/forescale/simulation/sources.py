"""The list of materials of a campaign: read, parsed, merged, shuffled."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from forescale.errors import ConfigError, DataError, MaterialError
from forescale.materials import parse_material
from forescale.simulation.campaign import Campaign, MaterialsConfig
from forescale.simulation.generators import GENERATORS
from forescale.simulation.registry import load_object, resolve
from forescale.tables import read_columns

SHOWN = 5


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
        return str(config.file), _column(config.file, config.column)
    if config.dataset is not None:
        return config.dataset, _catalog_keys(config.dataset)
    name = str(config.generator)
    generate: Callable[..., Iterable[str]] | None = GENERATORS.get(name)
    if generate is None:
        if ":" not in name:
            raise ConfigError(
                f"materials.generator: got {name!r}, expected one of {', '.join(GENERATORS)}, "
                "or 'module:function' or 'file.py:function'"
            )
        generate = load_object(resolve(name, campaign.folder))
    assert generate is not None
    try:
        return name, generate(**config.options)
    except TypeError as error:
        raise ConfigError(f"materials.options of generator {name!r}: {error}") from error


def _column(file: Path, column: str) -> list[str]:
    return list(read_columns(file, [column])[column])


def _catalog_keys(dataset: str) -> list[str]:
    """Materials of a catalog entry, whichever of its properties they have."""
    from forescale.catalog import get_entry, load_dataset

    tables = [load_dataset(dataset, name) for name in get_entry(dataset).properties]
    return list(dict.fromkeys(str(key) for table in tables for key in table.keys))
