"""Pure rules of ingestion: how received JSON becomes a clean message. No Django, no clock, no database."""

from ingestion.rules.json_text import JsonError, dump_json, parse_json
from ingestion.rules.types import Kind, Message, Rejection
from ingestion.rules.wire import check_shape, normalise

__all__ = ["JsonError", "Kind", "Message", "Rejection", "check_shape", "dump_json", "normalise", "parse_json"]
