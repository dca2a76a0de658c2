"""The visits of one association as texts: what all four feeds have in common."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from surveillance.associations import Association
from surveillance.coding.thesauri import CIM10
from surveillance.simulation.days import CHILD
from surveillance.simulation.stamps import Texts, moments
from surveillance.simulation.visits import NO, Small, Visits
from surveillance.simulation.world import World


class Wording:
    """Columns of text of the visits of one association; one text per visit, "" where something is missing."""

    def __init__(self, world: World, association: Association, visits: Visits) -> None:
        self.world, self.association, self.visits = world, association, visits
        self.style = sum(association.code.encode()) % 12  # habits of the sender: fixed, told by its code

    def moments(self, kind: str, minute: Small) -> Texts:
        """Moments of the visits in the association's time zone (kinds of stamps.FORMS)."""
        return moments(kind, self.association.timezone, self.visits.day, minute)

    def diagnoses(self, column: Small, cim10: bool = False, labels: bool = False) -> Texts:
        """Codes (or labels) of a column of diagnoses in the association's thesaurus, or in CIM-10."""
        spelling = self.world.spellings[CIM10 if cim10 else self.association.thesaurus]
        table = spelling.labels if labels else spelling.codes
        pairs = zip(column.tolist(), self.visits.slot.tolist(), strict=True)
        return ["" if code == NO else table[code][slot] for code, slot in pairs]

    def phrases(self, column: Small) -> Texts:
        """Call reasons as typed."""
        table = self.world.catalogue.phrases
        lists = 2 * self.visits.topic + (self.visits.years >= CHILD)
        pairs = zip(lists.tolist(), column.tolist(), strict=True)
        return ["" if number == NO else table[which][number] for which, number in pairs]

    def motifs(self) -> Texts:
        """Call reasons as codes of the association's thesaurus."""
        table = self.world.spellings[self.association.thesaurus].motifs
        return [
            table[topic][n] for topic, n in zip(self.visits.topic.tolist(), self.visits.motif.tolist(), strict=True)
        ]

    def postal_codes(self) -> Texts:
        """Postal codes of residence."""
        return self.words(self.visits.place, self.world.places.postal)

    def communes(self) -> Texts:
        """Communes of residence."""
        return self.words(self.visits.place, self.world.places.names)

    @staticmethod
    def words(column: Small, table: Sequence[str]) -> Texts:
        """The word of a table for each position."""
        return [table[number] for number in column.tolist()]

    @staticmethod
    def numbers(column: Small) -> Texts:
        """Whole numbers, "" when unknown."""
        return ["" if number == NO else str(number) for number in column.tolist()]

    def serials(self) -> list[tuple[date, int]]:
        """Day and number in the day: together unique in the association, for ever."""
        days = {day: date.fromordinal(day) for day in set(self.visits.day.tolist())}
        return [(days[day], n) for day, n in zip(self.visits.day.tolist(), self.visits.serial.tolist(), strict=True)]
