"""Property tables: one value per material, with unit, kind, provenance and rejects."""

from forescale.tables.dialect import Dialect
from forescale.tables.materials import PairColumns
from forescale.tables.merging import TablesApart, combine, measurement_scatter
from forescale.tables.points import read_points
from forescale.tables.property_table import PropertyTable, Provenance
from forescale.tables.reading import ColumnMap, build_table, read_columns, read_table
from forescale.tables.repeats import merge_repeats
from forescale.tables.units import convert, same_dimension

__all__ = [
    "ColumnMap",
    "Dialect",
    "PairColumns",
    "PropertyTable",
    "Provenance",
    "TablesApart",
    "build_table",
    "combine",
    "convert",
    "measurement_scatter",
    "merge_repeats",
    "read_columns",
    "read_points",
    "read_table",
    "same_dimension",
]
