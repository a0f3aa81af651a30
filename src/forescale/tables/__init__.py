"""Property tables: one value per material, with unit, kind, provenance and rejects."""

from forescale.tables.materials import PairColumns
from forescale.tables.merging import combine, measurement_scatter, merge_repeats
from forescale.tables.property_table import PropertyTable, Provenance
from forescale.tables.reading import ColumnMap, build_table, read_columns, read_table
from forescale.tables.units import convert, same_dimension

__all__ = [
    "ColumnMap",
    "PairColumns",
    "PropertyTable",
    "Provenance",
    "build_table",
    "combine",
    "convert",
    "measurement_scatter",
    "merge_repeats",
    "read_columns",
    "read_table",
    "same_dimension",
]
