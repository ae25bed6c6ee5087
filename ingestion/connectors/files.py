"""Reads Parquet, CSV and JSON lines, also gzipped, row by row and from any row on."""

import csv
import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TextIO, cast

import pyarrow.parquet as parquet

from ingestion.rules.json_text import JsonError, parse_json

BATCH = 5_000
DELIMITERS = ",;\t|"
FORMATS = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
}


class FileError(ValueError):
    """The file cannot be read. The message says why."""


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
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
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
    except (OSError, ValueError) as error:
        raise FileError(f"{path.name} cannot be read: {error}") from error
    raise FileError(f"{path.name}: use a file that ends in {', '.join(FORMATS)}, optionally with .gz.")


def file_hash(path: Path) -> str:
    """SHA-256 of the bytes of the file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class ParquetRows:
    """Typed columns; what comes before the start is skipped by whole row groups."""

    values_are_text = False

    def __init__(self, path: Path) -> None:
        self._file = parquet.ParquetFile(path)
        self.columns: list[str] | None = list(self._file.schema_arrow.names)

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
        for batch in self._file.iter_batches(batch_size=BATCH, row_groups=groups):
            if number + batch.num_rows > start:
                for offset, row in enumerate(batch.to_pylist()):
                    if number + offset >= start:
                        yield number + offset, row
            number += batch.num_rows


class CsvRows:
    """All values are text, or None where they are empty. The first line names the columns."""

    values_are_text = True

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._open() as file:
            header = file.readline()
        if not header.strip():
            raise FileError(f"{path.name} is empty. The first line must name the columns.")
        self._delimiter = max(DELIMITERS, key=header.count)
        names = next(csv.reader([header], delimiter=self._delimiter))
        self.columns: list[str] | None = names
        self._names = names
        if len(set(names)) < len(names):
            raise FileError(f"{path.name} has two columns of one name. Each needs its own.")

    def count(self) -> int:
        with self._open() as file:
            return sum(1 for _row in self._reader(file)) - 1

    def rows(self, start: int = 0) -> Iterator[NumberedRow]:
        with self._open() as file:
            for number, row in enumerate(self._reader(file), start=-1):
                if number >= max(start, 0):
                    yield number, row

    def _open(self) -> TextIO:
        opener: Any = gzip.open if self._path.suffix.lower() == ".gz" else open
        return cast(
            TextIO, opener(self._path, "rt", encoding="utf-8-sig", errors="surrogateescape", newline="")
        )

    def _reader(self, file: TextIO) -> Iterator[dict[str, Any] | BadRow]:
        """Every row, the header too; empty lines are none."""
        reader = csv.reader(file, delimiter=self._delimiter)
        while True:
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield BadRow("", f"Line {reader.line_num}: {error}.")
                continue
            if values:
                yield self._row(values, reader.line_num)

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
            return sum(1 for line in file if line.strip())

    def rows(self, start: int = 0) -> Iterator[NumberedRow]:
        with self._open() as file:
            lines = (line for line in file if line.strip())
            for number, line in enumerate(lines):
                if number >= start:
                    yield number, self._row(line)

    def _open(self) -> Any:
        return gzip.open(self._path, "rb") if self._path.suffix.lower() == ".gz" else self._path.open("rb")

    def _row(self, line: bytes) -> dict[str, Any] | BadRow:
        try:
            row = parse_json(line)
        except JsonError as error:
            return BadRow(line.decode("utf-8", "replace").strip(), str(error))
        if not isinstance(row, dict):
            return BadRow(line.decode("utf-8", "replace").strip(), "A line must be a JSON object.")
        return row
