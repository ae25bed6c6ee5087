"""What an uploaded file is, by what it holds and never by what it is called."""

import codecs
import re
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from ingestion.connectors.files import BadRow, CsvRows, open_rows, text_encoding
from ingestion.connectors.unpacking import FileError, open_bytes
from ingestion.rules.cleaning import storable
from ingestion.rules.mapping import plain
from ingestion.rules.types import KIND_BY_TYPE

HEAD = 256 * 1024  # bytes that are looked at
SHOWN_ROWS = 5
LOOKED_AT = 100  # rows whose keys are the columns of JSON lines
SHOWN_TEXT = 200
MOST_COLUMNS = 1_000

_OTHERS = {  # first bytes of what people upload instead
    b"PK\x03\x04": "a ZIP or Excel file (.zip, .xlsx). Unzip it, or save the sheet as “CSV UTF-8”",
    b"\xd0\xcf\x11\xe0": "an old Excel file (.xls). Save the sheet as “CSV UTF-8”",
    b"%PDF": "a PDF. Export the rows as CSV, JSON lines or Parquet",
    b"BZh": "packed by bzip2. Unpack it, or pack it by gzip or Zstandard",
    b"\xfd7zXZ": "packed by xz. Unpack it, or pack it by gzip or Zstandard",
    b"\x1f\x8b": "packed twice. Unpack it once",
    b"\x28\xb5\x2f\xfd": "packed twice. Unpack it once",
}
_DATA = re.compile(r"[-+]?\d+([.,]\d+)?|\d{4}-\d\d-\d\d([ T].*)?|[^@\s]+@[^@\s]+\.\w+")


@dataclass(frozen=True)
class Shape:
    """`suffix` is what the reader goes by (“.csv.gz”), `is_whole` that rows are whole messages in the Segment shape,
    `rows` the first few as (number, values by column or what is wrong)."""

    suffix: str
    encoding: str
    delimiter: str
    columns: list[str]
    is_whole: bool
    rows: list[dict[str, str]]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def suffix_of(path: Path) -> str:
    """The suffix a file should have, of what is in it. Raises FileError for what no reader reads."""
    head = _head(path, "")
    packing = (
        ".gz" if head.startswith(b"\x1f\x8b") else ".zst" if head.startswith(b"\x28\xb5\x2f\xfd") else ""
    )
    if packing:
        head = _head(path, packing)
    if not head.strip():
        raise FileError("The file is empty. Upload one with a line of column names and a row for each event.")
    if head.startswith(b"PAR1"):
        if packing:
            raise FileError(
                "A Parquet file is packed inside already. Unpack this one and upload the .parquet."
            )
        return ".parquet"
    return _text_suffix(head) + packing


def _head(path: Path, packing: str) -> bytes:
    with open_bytes(path, packing) as file:
        return file.read(HEAD)


def _text_suffix(head: bytes) -> str:
    for start, words in _OTHERS.items():
        if head.startswith(start):
            raise FileError(f"This is no table of events: it is {words}, and upload that.")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ".csv"
    if b"\0" in head:
        raise FileError(
            "This is a binary file that is not known here. Upload CSV, JSON lines or Parquet; "
            "if it is a text, save it as UTF-8."
        )
    _check_utf8(head)
    first = head.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    if first == b"[":
        raise FileError(
            "This is one JSON list. Write one object a line instead (JSON lines), for example with: jq -c '.[]'"
        )
    return ".jsonl" if first == b"{" else ".csv"


def _check_utf8(head: bytes) -> None:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=len(head) < HEAD)
    except UnicodeDecodeError as error:
        line = head.count(b"\n", 0, error.start) + 1
        raise FileError(
            f"Line {line:,} is not UTF-8, so letters would be garbled. Save the file as UTF-8 (in a spreadsheet: "
            "“CSV UTF-8”) and upload it again."
        ) from error


def shape_of(path: Path) -> Shape:
    """Columns and first rows of a stored file, whose suffix is right. Raises FileError."""
    rows = open_rows(path)
    first = [row for _number, row in islice(rows.rows(), LOOKED_AT)]
    if not first:
        raise FileError("The file has column names and no rows. Upload one with a row for each event.")
    good = [row for row in first if not isinstance(row, BadRow)]
    if not good:
        bad = next(row.reason for row in first if isinstance(row, BadRow))
        raise FileError(f"None of the first {len(first)} rows can be read. {bad}")
    columns = rows.columns or list(dict.fromkeys(name for row in good for name in row))
    is_csv = isinstance(rows, CsvRows)
    if is_csv:
        _check_header(columns)
    if len(columns) > MOST_COLUMNS:
        raise FileError(
            f"The file has {len(columns):,} columns; {MOST_COLUMNS:,} can be shown. Leave some out of it."
        )
    is_whole = rows.columns is None and all(row.get("type") in KIND_BY_TYPE for row in good)
    shown = [{name: _text(row.get(name)) for name in columns} for row in good[:SHOWN_ROWS]]
    return Shape(
        suffix="".join(path.suffixes),
        encoding=text_encoding(path).removesuffix("-sig").upper() if rows.columns is None or is_csv else "",
        delimiter=rows.delimiter if isinstance(rows, CsvRows) else "",
        columns=columns,
        is_whole=is_whole,
        rows=shown,
    )


def _check_header(columns: list[str]) -> None:
    for number, name in enumerate(columns, start=1):
        if not name.strip():
            raise FileError(f"Column {number} has no name. Name every column in the first line.")
        if _DATA.fullmatch(name.strip()):
            raise FileError(
                f"The first line holds data (“{name[:40]}”), no column names. "
                "Put a line with the names of the columns on top."
            )


def _text(value: Any) -> str:
    text = "" if value is None else str(plain(value))
    return storable(text)[:SHOWN_TEXT]
