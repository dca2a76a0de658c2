"""The profile of an association's night: a few counts, of which its habits are learnt. Counted over batches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

UNKNOWN = "NR"
SEXES = ("M", "F")  # "I" (undetermined) is not known either
UNKNOWN_CODE = "DIAG_UNKNOWN"  # the check of a line that names a code no thesaurus knows
MOST = 200_000  # visits of the day told apart by their number: far above any day (a large association sends 700)


@dataclass(frozen=True)
class Profile:
    """One association in one night. Only active acts of the kinds that count, but for `lines`.

    visits_day: of the day the night is for, each visit once; visits_all: of any day, each line. Out of visits_all:
    coded (at least one diagnosis), unknown_codes (a diagnosis that its thesaurus does not know), age_known, sex_known.
    codes: diagnoses in all. arrival: UTC seconds of the newest file on the server, -1 unknown. files: files read.
    """

    association: str
    visit_day: date
    status: str = "absent"
    files: int = 0
    lines: int = 0
    visits_day: int = 0
    visits_all: int = 0
    coded: int = 0
    codes: int = 0
    unknown_codes: int = 0
    age_known: int = 0
    sex_known: int = 0
    arrival: int = -1
    closed: bool = False

    def row(self) -> dict[str, Any]:
        """The row of profiles.parquet."""
        return asdict(self)


NUMBERS = ("visits_all", "coded", "codes", "unknown_codes", "age_known", "sex_known")
COLUMNS = tuple(item.name for item in fields(Profile))


class Tally:
    """Counts the visits of one association's night, batch after batch; holds no more than the numbers of a day."""

    def __init__(self, visit_day: date, acts: Sequence[str]) -> None:
        self.visit_day, self.acts = visit_day, tuple(acts)
        self.counts = dict.fromkeys(NUMBERS, 0)
        self.lines = self.more = 0
        self.seen: set[str] = set()

    def add(self, visits: pa.Table | pa.RecordBatch) -> None:
        """Count a batch with the columns of `intake.visits.SCHEMA`."""
        import pyarrow as pa
        import pyarrow.compute as pc

        self.lines += visits.num_rows
        columns = {name: visits.column(name) for name in ("status", "act_type", "event_date", "visit_uid")}
        counts = pc.and_(
            pc.equal(columns["status"], "active"), pc.is_in(columns["act_type"], pa.array(self.acts, pa.string()))
        )
        found = visits.filter(counts)
        if not found.num_rows:
            return
        sizes = pc.list_value_length(found.column("diagnoses"))
        unknown = pc.list_parent_indices(found.column("dq")).filter(
            pc.equal(pc.list_flatten(found.column("dq")), UNKNOWN_CODE)
        )
        added = {
            "visits_all": found.num_rows,
            "coded": pc.sum(pc.greater(sizes, 0)).as_py(),
            "codes": pc.sum(sizes).as_py(),
            "unknown_codes": pc.count_distinct(unknown).as_py(),
            "age_known": pc.sum(pc.not_equal(found.column("age_band"), UNKNOWN)).as_py(),
            "sex_known": pc.sum(pc.is_in(found.column("sex"), pa.array(SEXES))).as_py(),
        }
        for name, number in added.items():
            self.counts[name] += number or 0
        day = pc.equal(found.column("event_date"), pa.scalar(self.visit_day, pa.date32()))
        self._see(found.column("visit_uid").filter(day).to_pylist())

    def _see(self, uids: list[str]) -> None:
        if len(self.seen) + len(uids) > MOST:  # no association has such a day: it is judged all the same
            self.more += len(uids)
        else:
            self.seen.update(uids)

    def profile(self, association: str, status: str, files: int, arrival: int = -1) -> Profile:
        """The profile of what was counted; `status` is the reception's."""
        return Profile(
            association,
            self.visit_day,
            status,
            files,
            self.lines,
            len(self.seen) + self.more,
            arrival=arrival,
            closed=status == "closed",
            **self.counts,
        )


def profile_of(
    visits: pa.Table | Iterable[pa.Table | pa.RecordBatch],
    association: str,
    visit_day: date,
    acts: Sequence[str],
    status: str = "received",
    files: int = 1,
    arrival: int = -1,
) -> Profile:
    """The profile of a table of visits, or of its batches in any order and number (the result is the same)."""
    import pyarrow as pa

    tally = Tally(visit_day, acts)
    for batch in [visits] if isinstance(visits, pa.Table) else visits:
        tally.add(batch)
    return tally.profile(association, status, files, arrival)


def schema() -> pa.Schema:
    """The columns of records/NIGHT/profiles.parquet."""
    import pyarrow as pa

    kinds = {"association": pa.string(), "status": pa.string(), "visit_day": pa.date32(), "closed": pa.bool_()}
    return pa.schema([(name, kinds.get(name, pa.int64())) for name in COLUMNS])


def to_table(profiles: Iterable[Profile]) -> pa.Table:
    """Profiles as a table, in order of association."""
    import pyarrow as pa

    rows = sorted((item.row() for item in profiles), key=lambda row: str(row["association"]))
    return pa.Table.from_pylist(rows, schema=schema())
