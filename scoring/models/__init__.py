"""The tables of the scoring room."""

from scoring.models.definitions import Band, Definition, DraftSave, Level, Motion, Signal, Version
from scoring.models.results import (
    Qualification,
    QualificationEvent,
    ReplayQualification,
    ReplayRun,
    Score,
    ScoreChange,
)

__all__ = [
    "Band",
    "Definition",
    "DraftSave",
    "Level",
    "Motion",
    "Qualification",
    "QualificationEvent",
    "ReplayQualification",
    "ReplayRun",
    "Score",
    "ScoreChange",
    "Signal",
    "Version",
]
