"""Reads Parquet, CSV and JSON lines, also packed by gzip or Zstandard, row by row and from any row on."""

import codecs
import csv
import hashlib
import io
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, AnyStr, Protocol, TextIO

import pyarrow
import pyarrow.parquet as parquet

from ingestion.connectors.unpacking import PACKINGS, FileError, open_bytes
from ingestion.rules.cleaning import storable
from ingestion.rules.json_text import JsonError, dump_json, parse_json

BATCH = 5_000
LONGEST_LINE = 4_000_000  # characters; a line is held in memory, so a file without line ends must not be one
DELIMITERS = ",;\t|"
MOST_EMPTY_LINES = 100_000  # in a row; looking for the next row must end
FORMATS = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
}


@dataclass(frozen=True)
class BadRow:
    """A row that could not be read, and why."""

    raw: str
    reason: str


NumberedRow = tuple[int, dict[str, Any] | BadRow]


class RowFile(Protocol):
    """A file of rows. `columns` is None when each row has its own. Rows are numbered from 0 and always come in the same
    order."""

    columns: list[str] | None
    values_are_text: bool

    def count(self) -> int: ...

    def rows(self, start: int = 0) -> Iterator[NumberedRow]: ...


def open_rows(path: Path) -> RowFile:
    """The reader for a file, by its name. Raises FileError."""
    if not path.is_file():
        raise FileError(f"There is no file {path}.")
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() not in PACKINGS]
    kind = FORMATS.get(suffixes[-1]) if suffixes else None
    try:
        if kind == "parquet":
            return ParquetRows(path)
        if kind == "csv":
            return CsvRows(path)
        if kind == "jsonl":
            return JsonRows(path)
    except FileError:
        raise
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        raise FileError(f"{path.name} cannot be read: {error}") from error
    packings = " or ".join(PACKINGS)
    raise FileError(f"{path.name}: use a file that ends in {', '.join(FORMATS)}, optionally with {packings}.")


def file_hash(path: Path) -> str:
    """SHA-256 of the bytes of the file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def text_encoding(path: Path) -> str:
    """UTF-16 says so in its first bytes; everything else is read as UTF-8, with its mark or without."""
    with open_bytes(path) as file:
        mark = file.read(2)
    return "utf-16" if mark in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"


def _names(columns: Iterable[str]) -> list[str]:
    """The names of columns as they can be stored and shown."""
    return [storable(name) for name in columns]


def _check_names(path: Path, names: list[str]) -> None:
    if len(set(names)) < len(names):
        raise FileError(f"{path.name} has two columns of one name. Each needs its own.")


def _lines(file: IO[AnyStr]) -> Iterator[AnyStr]:
    """Line by line, never more than one of them in memory. Raises FileError for one without an end, for empty ones
    without end, and where UTF-16 breaks off."""
    number, empty = 0, 0
    while line := _line(file, number + 1):
        number += 1
        empty = empty + 1 if line.isspace() else 0
        if empty > MOST_EMPTY_LINES:
            raise FileError(
                f"Line {number:,} is the end of {empty:,} empty ones. Take them out and try again."
            )
        if len(line) == LONGEST_LINE:
            raise FileError(
                f"Line {number:,} is longer than {LONGEST_LINE:,} characters. "
                "Write one row a line, with ordinary line ends, and import the file again."
            )
        yield line


def _line(file: IO[AnyStr], number: int) -> AnyStr:
    try:
        return file.readline(LONGEST_LINE)
    except UnicodeDecodeError as error:
        raise FileError(
            f"Line {number:,} or one soon after it is no {error.encoding.upper()}: the file is damaged or was cut "
            "off. Save it again, best as UTF-8, and upload it once more."
        ) from error


class ParquetRows:
    """Typed columns; what comes before the start is skipped by whole row groups."""

    values_are_text = False

    def __init__(self, path: Path) -> None:
        self._file = parquet.ParquetFile(path)
        self._names = _names(self._file.schema_arrow.names)
        _check_names(path, self._names)
        self.columns: list[str] | None = self._names

    def count(self) -> int:
        return int(self._file.metadata.num_rows)

    def rows(self, start: int = 0) -> Iterator[NumberedRow]:
        groups: list[int] = []
        number = 0
        for group in range(self._file.metadata.num_row_groups):
            size = self._file.metadata.row_group(group).num_rows
            if groups or number + size > start:
                groups.append(group)
            else:
                number += size
        for batch in self._batches(groups):
            if number + batch.num_rows > start:
                for offset, row in enumerate(self._rows_of(batch)):
                    if number + offset >= start:
                        yield number + offset, row
            number += batch.num_rows

    def _batches(self, groups: list[int]) -> Iterator[pyarrow.RecordBatch]:
        try:
            yield from self._file.iter_batches(batch_size=BATCH, row_groups=groups)
        except (OSError, pyarrow.ArrowException) as error:
            raise FileError(
                f"The file cannot be read to its end ({error}): it is damaged. Write and upload it once more."
            ) from error

    def _rows_of(self, batch: pyarrow.RecordBatch) -> Iterable[dict[str, Any] | BadRow]:
        columns = {
            name: _without_nanoseconds(column)
            for name, column in zip(self._names, batch.columns, strict=True)
        }
        try:
            return pyarrow.RecordBatch.from_pydict(columns).to_pylist()
        except _NO_VALUE:
            return [_row_of(columns, place) for place in range(batch.num_rows)]


_NO_VALUE = (
    ValueError,
    OverflowError,
    pyarrow.ArrowException,
)  # what a cell raises that Python has no value for


def _without_nanoseconds(column: pyarrow.Array) -> pyarrow.Array:
    """Times as Python knows them: it has no nanoseconds."""
    is_finer = getattr(column.type, "unit", "") == "ns"
    return column.cast(_MICROSECONDS[column.type.id](column.type), safe=False) if is_finer else column


_MICROSECONDS: dict[int, Callable[[Any], pyarrow.DataType]] = {
    pyarrow.lib.Type_TIMESTAMP: lambda finer: pyarrow.timestamp("us", finer.tz),
    pyarrow.lib.Type_TIME64: lambda finer: pyarrow.time64("us"),
    pyarrow.lib.Type_DURATION: lambda finer: pyarrow.duration("us"),
}


def _row_of(columns: dict[str, pyarrow.Array], place: int) -> dict[str, Any] | BadRow:
    """A row cell by cell: the one that cannot be read costs its own row only."""
    row: dict[str, Any] = {}
    wrong = ""
    for name, column in columns.items():
        try:
            row[name] = column[place].as_py()
        except _NO_VALUE as error:
            wrong = wrong or f"“{name[:40]}” ({column.type}) holds a value that cannot be read: {error}"
    return BadRow(dump_json(row).decode(), wrong) if wrong else row


class _Lines:
    """Line by line, with those that the row at hand has taken: what it swallowed by mistake can be given back."""

    def __init__(self, file: TextIO) -> None:
        self._lines = _lines(file)
        self._given_back: deque[str] = deque()
        self.taken: list[str] = []
        self.number = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._given_back.popleft() if self._given_back else next(self._lines)
        self.taken.append(line)
        self.number += 1
        return line

    def first_alone(self) -> BadRow:
        """The row as its first line only; the others are read again."""
        first, *others = self.taken
        self._given_back.extendleft(reversed(others))
        self.number -= len(others)
        wrong = f"A quotation mark in line {self.number} is not closed where its value ends. Close it or take it out."
        return BadRow(first.rstrip("\r\n"), wrong)


class CsvRows:
    """All values are text, or None where they are empty. The first line names the columns."""

    values_are_text = True

    def __init__(self, path: Path) -> None:
        self._path = path
        self._encoding = text_encoding(path)
        with self._open() as file:
            header = next(_lines(file), "")
        if not header.strip():
            raise FileError(f"{path.name} is empty. The first line must name the columns.")
        self.delimiter = self._delimiter = max(DELIMITERS, key=header.count)
        self._names = _names(next(csv.reader([header], delimiter=self._delimiter)))
        _check_names(path, self._names)
        self.columns: list[str] | None = self._names

    def count(self) -> int:
        with self._open() as file:
            return sum(1 for _row in self._reader(file)) - 1

    def rows(self, start: int = 0) -> Iterator[NumberedRow]:
        with self._open() as file:
            for number, row in enumerate(self._reader(file), start=-1):
                if number >= max(start, 0):
                    yield number, row

    def _open(self) -> TextIO:
        binary = open_bytes(self._path)
        return io.TextIOWrapper(binary, encoding=self._encoding, errors="surrogateescape", newline="")

    def _reader(self, file: TextIO) -> Iterator[dict[str, Any] | BadRow]:
        """Every row, the header too; empty lines are none. A quotation mark that is not closed costs its line only."""
        lines = _Lines(file)
        reader = csv.reader(lines, delimiter=self._delimiter)
        while True:
            lines.taken.clear()
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error:
                wrong = f"Line {lines.number} has a value of more than {csv.field_size_limit():,} characters."
                row: dict[str, Any] | BadRow = BadRow("".join(lines.taken).rstrip(), wrong)
            else:
                if not values:
                    continue
                row = self._row(values, lines.number)
            if len(lines.taken) > 1 and not self._is_well_quoted(lines.taken):
                row = lines.first_alone()
            yield row

    def _is_well_quoted(self, lines: list[str]) -> bool:
        try:
            return bool(list(csv.reader(lines, delimiter=self._delimiter, strict=True)))
        except csv.Error:
            return False

    def _row(self, values: list[str], line: int) -> dict[str, Any] | BadRow:
        raw = self._delimiter.join(values)
        if len(values) != len(self._names):
            return BadRow(raw, f"Line {line} has {len(values)} columns, the header has {len(self._names)}.")
        if not raw.isascii() and any("\udc80" <= character <= "\udcff" for character in raw):
            return BadRow(raw, f"Line {line} is not UTF-8. Save the file as UTF-8.")
        return {name: value or None for name, value in zip(self._names, values, strict=True)}


class JsonRows:
    """One JSON object per line."""

    values_are_text = False

    def __init__(self, path: Path) -> None:
        self._path = path
        self.columns: list[str] | None = None

    def count(self) -> int:
        with self._open() as file:
            return sum(1 for line in _lines(file) if line.strip())

    def rows(self, start: int = 0) -> Iterator[NumberedRow]:
        with self._open() as file:
            lines = (line for line in _lines(file) if line.strip())
            for number, line in enumerate(lines):
                if number >= start:
                    yield number, self._row(line)

    def _open(self) -> IO[bytes]:
        return open_bytes(self._path)

    def _row(self, line: bytes) -> dict[str, Any] | BadRow:
        try:
            row = parse_json(line)
        except JsonError as error:
            return BadRow(line.decode("utf-8", "replace").strip(), str(error))
        if not isinstance(row, dict):
            return BadRow(line.decode("utf-8", "replace").strip(), "A line must be a JSON object.")
        return {storable(name): value for name, value in row.items()}
