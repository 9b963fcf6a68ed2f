"""Days as reports write them: ISO 8601, or with the name of the month in the seller's language.

Source: sp-api.md §2.4.2 (`29-Sep-2026`; localised month names are to be expected).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from dateutil.parser import parse, parserinfo

# English, Turkish, German, French, Spanish, Italian, Dutch, Swedish, Polish, Portuguese; and
# Turkish without the letters cp1252 lacks, which arrive as question marks.
_NAMES: Final = (
    "jan january oca ocak januar jän jänner janv janvier ene enero gen gennaio januari sty styczeń"
    " stycznia janeiro",
    "feb february şub şubat ub ubat februar févr février febrero febbraio februari lut luty lutego"
    " fev fevereiro",
    "mar march mart mär mrz märz mars marzo mrt maart marzec marca março",
    "apr april nis nisan avr avril abr abril aprile kwi kwiecień kwietnia",
    "may mayıs mays mai mayo mag maggio mei maj maja maio",
    "jun june haz haziran juni juin junio giu giugno cze czerwiec czerwca junho",
    "jul july tem temmuz juli juil juillet julio lug luglio lip lipiec lipca julho",
    "aug august ağu ağustos au austos août ago agosto augustus augusti sie sierpień sierpnia",
    "sep sept september eyl eylül septembre septiembre set settembre wrz wrzesień września"
    " setembro",
    "oct october eki ekim okt oktober octobre octubre ott ottobre paź październik października"
    " out outubro",
    "nov november kas kasım kasm novembre noviembre lis listopad listopada novembro",
    "dec december ara aralık aralk dez dezember déc décembre dic diciembre dicembre gru grudzień"
    " grudnia dezembro",
)
_NAMED_MONTH: Final = re.compile(r"\d{1,2}\.?[\s-]+[^\W\d_]+\.?[\s-]+\d{4}")
_LOST: Final = re.compile("[?\ufffd]")
_DE: Final = re.compile(r"\sde\s")


def _folded(name: str) -> str:
    """The name in small letters; Turkish has an i with a dot and one without, in both sizes."""
    return name.casefold().replace("ı", "i").replace("\u0307", "")


_MONTHS: Final = {
    _folded(name): number for number, names in enumerate(_NAMES, start=1) for name in names.split()
}


class _Names(parserinfo):
    def month(self, name: str) -> int | None:
        """The number of the month, in any of the languages."""
        return _MONTHS.get(_folded(name))


def report_date(text: str) -> datetime:
    """The moment a report names; what names no zone is UTC, a day its midnight.

    Errors: ValueError for anything else, days without a month's name among it: 03/04 is two days.
    """
    text = text.strip()
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        plain = _DE.sub(" ", _LOST.sub("", text))
        if not _NAMED_MONTH.fullmatch(plain):
            raise ValueError("not a date") from None
        midnight = datetime(1, 1, 1, tzinfo=UTC)
        found = parse(plain, parserinfo=_Names(dayfirst=True), default=midnight)
    try:
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except OverflowError:  # a zone that leads out of the calendar
        raise ValueError("not a date") from None
