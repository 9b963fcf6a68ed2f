"""The one place that keeps secrets and buyer data out of logs, errors, the journal and metrics.

Two nets: texts we know to be private (`hide`, `hide_personal`), masked wherever they turn up, and
shapes that are private whatever their value (tokens, e-mail addresses, phone numbers, signed URLs).

Known texts are compared word by word, without case, accents and what stands between the words, so
that "Şule  ÖRNEK", "sule+ornek" and "%C5%9Eule%20%C3%96rnek" are one text. A look-up costs the same
for one known text as for fifty thousand.
"""

from __future__ import annotations

import html
import logging
import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any
from urllib.parse import unquote

MASK = "***"
KEPT = 20_000  # personal texts of a generation; the generation before it is kept as well

_SHORTEST = 2  # one letter is no secret, and masking it would garble every message
_FEWEST_DIGITS = 7  # a number with fewer is a house number, a postcode, a count
_NATIONAL = 10  # digits of a phone number without country code
_PHONE_DIGITS = 9  # from here on a number is worth masking inside an identifier too
_SEARCHED_IN_TEXT = 8  # characters a secret needs to be looked for inside words as well

_SENSITIVE = (
    "client_secret|refresh_token|access_token|password|x-amz-access-token|x-amz-signature"
    "|x-amz-security-token|x-amz-credential"
)
# Chinese, Japanese and Korean put no blanks between words: every sign counts as one.
_SIGNS = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"[{_SIGNS}]|(?:[^\W_{_SIGNS}][\u0300-\u036f]*)+")
_ESCAPES = re.compile(
    r"(?:%(?:25)*[0-9A-Fa-f]{2})+"  # URLs, encoded once or more
    r"|\\+U[0-9A-Fa-f]{8}|(?:\\+[uU][0-9A-Fa-f]{4})+|(?:\\+[xX][0-9A-Fa-f]{2})+|\\+[nrtbf]"
    r"|&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,8});"  # HTML
)
_IDENTIFIER = re.compile(r"[^\W_]+(?:[-_./]+[^\W_]+)+")
_ORDER_ID = re.compile(r"\d{3}-\d{7}-\d{7}")
_GAP = re.compile(r"[\s().+\-/]{0,3}")

Span = tuple[int, int]
Word = tuple[str, int, int]


class _Texts:
    """Known texts, each as its folded words joined by blanks. One writes, any number read."""

    def __init__(self) -> None:
        self.texts: set[str] = set()
        self._sizes: dict[str, tuple[int, ...]] = {}

    def add(self, words: Sequence[str]) -> None:
        self.texts.add(" ".join(words))
        sizes = self._sizes.get(words[0], ())
        if len(words) not in sizes:
            self._sizes[words[0]] = tuple(sorted((*sizes, len(words)), reverse=True))

    def longest(self, words: Sequence[Word], start: int) -> int:
        """How many words from there on are a known text; 0 if none is."""
        for size in self._sizes.get(words[start][0], ()):
            part = words[start : start + size]
            if len(part) == size and " ".join(word[0] for word in part) in self.texts:
                return size
        return 0


_lock = threading.Lock()
_secrets = _Texts()
_literals: tuple[str, ...] = ()
_young, _old = _Texts(), _Texts()


def hide(values: Iterable[str | None]) -> None:
    """Have these secrets masked from now on, wherever they turn up."""
    global _literals
    for value in values:
        text = (value or "").strip()
        if len(text) < _SHORTEST:
            continue
        words = [word for word, _, _ in _words(text)]
        with _lock:
            if words:
                _secrets.add(words)
            if (len(text) >= _SEARCHED_IN_TEXT or not words) and text not in _literals:
                _literals = (*_literals, text)


def hide_personal(values: Iterable[str | None]) -> None:
    """Have these names, addresses and numbers of people masked.

    The latest 20,000 to 40,000 are remembered: hide them anew when their record is worked on. Texts
    that tell nobody apart (a single letter, a house number) are left alone.
    """
    for value in values:
        words = [word for word, _, _ in _words(value or "")]
        signs = "".join(words)
        letters = sum(map(str.isalpha, signs))
        if letters >= _SHORTEST or (letters and len(signs) >= _FEWEST_DIGITS):
            _remember(words)
        elif len(number := signs.lstrip("0")) >= _FEWEST_DIGITS:
            _remember([f"#{number}"])
            _remember([f"#{number[-_NATIONAL:]}"])  # the same without its country code


def forget() -> None:
    """Drop everything known; the start of another run in the same process."""
    global _secrets, _literals, _young, _old
    with _lock:
        _secrets, _literals = _Texts(), ()
        _young, _old = _Texts(), _Texts()


def mask(text: str) -> str:
    """The text without anything private; masking it twice changes nothing."""
    for start, end in reversed(_private(text)):
        text = text[:start] + MASK + text[end:]
    for shape in _shapes():
        text = shape.sub(lambda match: (match[1] if match.lastindex else "") + MASK, text)
    return text


def _remember(words: Sequence[str]) -> None:
    global _young, _old
    with _lock:
        if len(_young.texts) >= KEPT:
            _young, _old = _Texts(), _young
        _young.add(words)


def _private(text: str) -> list[Span]:
    """Where known texts stand, merged where they overlap."""
    plain, places = _unescaped(text)
    words = list(_words(plain))
    secrets, known = _secrets, (_young, _old)
    found = list(_literal_spans(plain))
    for start in range(len(words)):
        size = secrets.longest(words, start)
        if size:
            found.append((words[start][1], words[start + size - 1][2]))
        found.extend(_personal(plain, words, start, known))
    merged: list[Span] = []
    for start, end in sorted(found):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    if places is None:
        return merged
    return [(places[start][0], places[end - 1][1]) for start, end in merged]


def _literal_spans(plain: str) -> Iterator[Span]:
    for secret in _literals:
        at = plain.find(secret)
        while at >= 0:
            yield at, at + len(secret)
            at = plain.find(secret, at + 1)


def _personal(
    plain: str, words: Sequence[Word], start: int, known: Sequence[_Texts]
) -> Iterator[Span]:
    """The longest personal text from this word on, unless it is but a part of an identifier."""
    size = max(texts.longest(words, start) for texts in known)
    if size:
        span = (words[start][1], words[start + size - 1][2])
        if not _inside_identifier(plain, span):
            yield span
    if words[start][0].isdigit():
        yield from _number(plain, words, start, known)


def _number(
    plain: str, words: Sequence[Word], start: int, known: Sequence[_Texts]
) -> Iterator[Span]:
    """A known number from this word on, whatever blanks, brackets and zeros it is written with."""
    digits, begin, end = "", words[start][1], words[start][1]
    for word, first, last in words[start:]:
        if not word.isdigit() or not _GAP.fullmatch(plain, end, first):
            return
        digits += word
        end = last
        bare = digits.lstrip("0")
        # country codes have three digits at most, and two zeros before them
        if len(bare) > _NATIONAL + 3 or digits.startswith("000"):
            return
        forms = {f"#{bare}", f"#{bare[-_NATIONAL:]}"}
        if any(form in texts.texts for form in forms for texts in known):
            inside = _inside_identifier(plain, (begin, end), long=len(bare) >= _PHONE_DIGITS)
            if not inside:
                yield begin, end


def _inside_identifier(plain: str, span: Span, *, long: bool = False) -> bool:
    """Whether the span is a part of a SKU, an order id, a moment: words and digits joined by signs.

    A long number is a part of nothing but an order id.
    """
    begin = plain.rfind(" ", 0, span[0]) + 1
    for found in _IDENTIFIER.finditer(plain, begin):
        if found.start() > span[0]:
            return False
        if found.end() >= span[1] and found.span() != span:
            if long:
                return _ORDER_ID.fullmatch(found[0]) is not None
            return any(sign.isdigit() for sign in found[0])
    return False


@cache
def _shapes() -> tuple[re.Pattern[str], ...]:
    """Compiled at the first use: a run in which all goes well masks nothing."""
    return (
        # Login with Amazon and restricted data tokens
        re.compile(r"At(?:za|zr|z\.sprdt|na)(?:\||%7C)[^\s\"'&,}]+"),
        re.compile(r"(?i)(authorization[\"']?\s*[:=]?\s*[\"']?(?:token|bearer)\s+)[^\s\"',}]+"),
        re.compile(
            rf"(?i)((?:{_SENSITIVE})\\*[\"']?\s*[:=]\s*\\*[\"']?)"
            r"(?:(?<=\")(?:[^\"\\]|\\.)*|(?<=')(?:[^'\\]|\\.)*|[^\s\"'&,}]+)"
        ),
        # the signature of a presigned document URL lets anybody read the document
        re.compile(r"(https?://[^\s\"'<>?]+\?)[^\s\"'<>]+"),
        # Names in it may be masked already: the rest of the address tells no less.
        # Only from the start of a word: a long one would be searched again from each letter of it.
        re.compile(r"(?<![\w.+%*-])[\w.+%*-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+"),
        # pydantic repeats what it was given, cut in the middle
        re.compile(r"(input_value=).*?(?=, input_type=)", re.DOTALL),
        # Phone numbers: written with a plus, or with the blanks and brackets people put in them.
        # Plain runs of digits are ids, and Amazon's order ids (3-7-7) have to stay readable.
        re.compile(r"(?<!\w)(?:\+|%2B)\d[\d ().-]{7,}\d"),
        re.compile(r"(?<![\w-])\(?0\d{2,4}\)?[ .]\d{2,4}[ .]?\d{2}[ .]?\d{2,4}(?![\w-])"),
    )


def _words(text: str) -> Iterator[Word]:
    """Every word, folded, and where it stands."""
    for match in _WORD.finditer(text):
        yield _folded(match[0]), match.start(), match.end()


def _folded(word: str) -> str:
    """Without case and accents; Turkish has four kinds of i, here they are one."""
    if word.isascii():
        return word.lower()
    bare = (sign for sign in unicodedata.normalize("NFKD", word) if not unicodedata.combining(sign))
    return "".join(bare).casefold().replace("ı", "i")


def _unescaped(text: str) -> tuple[str, list[Span] | None]:
    """The text with its escapes resolved, and where each of its characters came from, if any."""
    plain: list[str] = []
    places: list[Span] = []
    at = 0
    for match in _ESCAPES.finditer(text):
        resolved = _resolved(match[0])
        plain += (text[at : match.start()], resolved)
        places += ((index, index + 1) for index in range(at, match.start()))
        places += [match.span()] * len(resolved)
        at = match.end()
    if at == 0:
        return text, None
    places += ((index, index + 1) for index in range(at, len(text)))
    return "".join([*plain, text[at:]]), places


def _resolved(escape: str) -> str:
    if escape[0] == "%":
        return unquote(escape.replace("%25", "%") if "%25" in escape else escape)
    if escape[0] == "&":
        return html.unescape(escape)
    kind, code = escape.lstrip("\\")[0].lower(), re.sub(r"\\+[uxUX]", "", escape)
    if kind not in "ux":
        return " "
    raw = bytes.fromhex(code)
    if kind == "u":  # beyond 64 k JSON writes two signs of UTF-16, and Python one of eight digits
        wide = escape.count("U") == 1 and len(code) == 8
        return raw.decode("utf-32-be" if wide else "utf-16-be", errors="replace")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


class MaskingFormatter(logging.Formatter):
    """A log formatter whose every line, traceback included, has been masked."""

    def format(self, record: logging.LogRecord) -> str:
        """The masked line."""
        return mask(super().format(record))


def validation_problems(error: Any) -> str:
    """A pydantic ValidationError in one line: where and what kind, never the offending value."""
    rows = error.errors(include_url=False, include_context=False, include_input=False)
    shown = [f"{'.'.join(map(str, row['loc'])) or 'body'}: {row['type']}" for row in rows[:5]]
    more = f" and {len(rows) - 5} more" if len(rows) > 5 else ""
    return "; ".join(shown) + more
