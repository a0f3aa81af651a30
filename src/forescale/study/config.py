"""The study file: what to learn from, with what, on which grid, judged how.

Every error names the key, what was got and what is allowed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import (
    Field,
    model_validator,
)

from forescale._machine.display import html_table
from forescale._machine.executors import ClusterChoice
from forescale._machine.toml import Flag, Int, read_toml, validated
from forescale.study.given import Both, Described, Given
from forescale.study.sections import (
    CensoringSpec,
    DescriptorSpec,
    EvaluationSpec,
    GridSpec,
    LearnerSpec,
    PlanSpec,
    Section,
)
from forescale.study.sources import Source
from forescale.tables.reading import OnError

MOST_REPLICATES = 99_999
"""As many as the names of their parts in a run folder can tell apart."""
_NAMED = {"learner", "descriptor"}
"""Tables of a study file for which a name alone may stand, from Python."""


class Study(Section):
    """A whole study; see :func:`forescale.study.load_study`.

    Parameters
    ----------
    name
        What the run, its page and its model are called.
    seed
        Of everything that is drawn; the same seed gives the same numbers.
    replicates
        How many times the measured values are split anew.
    source, target
        Where computed and measured values come from; ``[[source]]`` may stand several times.
    descriptor, learner
        What describes the materials, and what learns; a name alone stands for its defaults.
    grid
        Sizes at which errors are measured.
    evaluation
        How predictions are judged.
    censoring
        For properties with values at a floor, such as band gaps of zero.
    cluster
        Where replicates run: a name of the user's ``clusters.toml``, an address, or a table.
    merge
        Learn from all sources as if they were one table: a material in several has the mean.
        Else each keeps its identity, its own curve and its own worth.
    plan
        What the plan is asked for.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$"), MaxLen(100)]
    seed: Annotated[Int, Ge(0), Le(2**63 - 1)] = 0
    replicates: Annotated[Int, Ge(1), Le(MOST_REPLICATES)] = 20
    source: Annotated[tuple[Source, ...], MinLen(1)]
    merge: Flag = False
    target: Source
    descriptor: DescriptorSpec = DescriptorSpec()
    learner: LearnerSpec = LearnerSpec()
    grid: GridSpec = GridSpec()
    evaluation: EvaluationSpec = EvaluationSpec()
    censoring: CensoringSpec | None = None
    cluster: Annotated[ClusterChoice | None, Field(exclude=True)] = None
    plan: PlanSpec | None = None

    @model_validator(mode="after")
    def _same_or_other_property(self) -> Study:
        if self.target.cross_property:
            raise ValueError("target.cross_property: is for sources, expected it there")
        own = self.of_property
        if self.merge and len({spec.cross_property for spec in own}) > 1:
            raise ValueError(
                "source: got cross_property in some and not in others, expected sources of one "
                "property where they are merged"
            )
        return self

    @model_validator(mode="after")
    def _sources_have_names_of_their_own(self) -> Study:
        names = self.source_names
        if again := [name for place, name in enumerate(names) if name in names[:place]]:
            raise ValueError(
                f"source.name: got {again[0]!r} for two sources, expected names of their own; or "
                "merge = true, to learn from them as from one table"
            )
        if not names and any(spec.n_source is not None for spec in self.source):
            raise ValueError(
                "source.n_source: is for one of several sources, expected grid.n_source"
            )
        return self

    @property
    def of_property(self) -> tuple[Source, ...]:
        """The sources that are no further tasks."""
        return tuple(spec for spec in self.source if spec.task is None)

    @property
    def apart(self) -> tuple[Source, ...]:
        """The sources that keep their identity; none where there is one, or they are merged."""
        own = self.of_property
        return () if self.merge or len(own) == 1 else own

    @property
    def source_names(self) -> tuple[str, ...]:
        """Name of each of several sources that keep their identity."""
        return tuple(spec.called() for spec in self.apart)

    @property
    def cross_property(self) -> bool:
        """Whether all sources hold another property than the target."""
        return all(spec.cross_property for spec in self.of_property)

    @model_validator(mode="after")
    def _tasks_are_beside_the_property(self) -> Study:
        if self.target.task is not None:
            raise ValueError("target.task: a task is a further computed property, of a source")
        if all(spec.task is not None for spec in self.source):
            raise ValueError("expected at least one source without task: the study's property")
        return self

    @classmethod
    def of(
        cls,
        *,
        computed: Given | Sequence[Given] | Mapping[str, Given],
        measured: Given,
        kind: str | None = None,
        material: Both = None,
        value: Both = None,
        unit: Both = None,
        solute: Both = None,
        solvent: Both = None,
        temperature: Both = None,
        temperature_unit: Both = None,
        valid: tuple[float, float] | None = None,
        on_error: OnError = "raise",
        name: str = "study",
        cross_property: bool = False,
        **settings: Any,
    ) -> Study:
        """Make a study of tables at hand.

        Parameters
        ----------
        computed, measured
            The two sides: frames, tables, paths of files, or names of datasets of the
            catalog; several computed ones, by name or not, keep their identity unless
            ``merge = True`` is among the settings. A run folder keeps frames with it.
        kind
            ``composition``, ``molecule``, ``pair`` or ``polymer``.
        material, value, unit
            Column of the materials and of the values, and the values' unit; a pair of words
            where the two sides differ: ``value=("rho_md", "rho")``.
        solute, solvent, temperature, temperature_unit
            Columns of pairs, in place of ``material``.
        valid
            Lowest and highest credible value; rows outside are set aside.
        on_error
            ``"skip"`` sets bad rows aside; they are counted, and listed by the run.
        name
            What the study is called.
        cross_property
            Whether the computed property is another than the measured one.
        settings
            Further tables and keys of a study file: ``seed``, ``replicates``, ``grid``,
            ``learner``, ``descriptor``, ``evaluation``, ``censoring``, ``merge``. The
            name of a learner or of a descriptor may stand for its table.

        Raises
        ------
        ConfigError
            Names the wrong keys, what was got and what is allowed.
        DataError
            Names the bad rows and their reasons.

        Examples
        --------
        >>> import pandas as pd
        >>> computed = pd.DataFrame({"smiles": ["C", "CC", "CCC"], "t": [111.0, 184.0, 231.0]})
        >>> measured = pd.DataFrame({"smiles": ["C", "CC", "CCC"], "t": [112.0, 185.0, 231.0]})
        >>> study = Study.of(computed=computed, measured=measured, kind="molecule",
        ...                  material="smiles", value="t", unit="K", replicates=5)
        >>> study.replicates, study.grid.n_target
        (5, (20, 40, 80, 160))
        """
        columns = {
            "material": material, "value": value, "unit": unit, "solute": solute,
            "solvent": solvent, "temperature": temperature, "temperature_unit": temperature_unit,
        }  # fmt: skip
        described = Described(kind, columns, valid, on_error)
        names: list[str | None] = []
        if isinstance(computed, Mapping):
            names, computed = list(computed), list(computed.values())
        several = [computed] if isinstance(computed, Given) else list(computed)
        plain = {key: {"name": word} if isinstance(word, str) and key in _NAMED else word
                 for key, word in settings.items()}  # fmt: skip
        split = str(plain.get("evaluation", {}).get("split", ""))
        keep = [column] if (column := split.partition(":")[2]) else []
        sources = [
            described.source(given, "computed", place).model_copy(
                update={"cross_property": cross_property, "name": name}
            )
            for place, (given, name) in enumerate(
                zip(several, names or [None] * len(several), strict=True)
            )
        ]
        target = described.source(measured, "measured", 0, keep)
        whole = {"name": name, "source": sources, "target": target, **plain}
        return validated(cls, whole, Path("the study"), words=_WORDS)

    def __repr__(self) -> str:
        """Return what is learnt from what, in a line."""
        sources = ", ".join(source.called() for source in self.source)
        return (
            f"Study({self.name!r}: {sources} → {self.target.called()}, learner "
            f"{self.learner.name!r}, {self.replicates} replicates, split {self.evaluation.split})"
        )

    __str__ = __repr__

    def _repr_html_(self) -> str:
        """Return its settings as a table, for a notebook."""
        rows = [
            ("Computed", ", ".join(source.called() for source in self.source)),
            ("Measured", self.target.called()),
            ("Descriptor", self.descriptor.name),
            ("Learner", self.learner.name),
            ("Computed values n", self.grid.n_source),
            ("Measured values m", self.grid.n_target),
            ("Replicates", self.replicates),
            ("Split", self.evaluation.split),
            ("Overlap", self.evaluation.overlap.description),
        ]
        return html_table(self.name, rows)

    def to_plain(self) -> dict[str, Any]:
        """The study with its defaults written out, as TOML and JSON values."""
        return dict(self.model_dump(mode="json", by_alias=True, exclude_none=True))


def read_study(path: Path) -> Study:
    """Read and check a study file; see :func:`forescale.study.load_study`.

    Raises
    ------
    ConfigError
        One line per wrong key: the key, what was got, what is allowed.
    """
    raw = read_toml(path, "study file")
    for table in [raw.get("target"), raw.get("descriptor"), *_as_list(raw.get("source"))]:
        if isinstance(table, dict) and isinstance(table.get("file"), str):
            table["file"] = str((path.parent / table["file"]).resolve())
    return validated(Study, raw, path, words=_WORDS)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


_WORDS = {
    ("tuple_type", "source"): "expected a list of tables: write [[source]]",
    ("union_tag_not_found", "grid.n_source"): (
        "expected a list of sizes, or { from = SIZE, to = SIZE, count = NUMBER }"
    ),
    ("string_pattern_mismatch", "name"): (
        "expected letters, digits, spaces, '.', '_' and '-', a letter or digit first"
    ),
    ("finite_number", ""): (
        "expected a finite number; where there is no limit, give one that no value reaches"
    ),
}
