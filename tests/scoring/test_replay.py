import csv
from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command

from ingestion.models import Person
from scoring.models import Qualification, ReplayQualification, ReplayRun, Score
from scoring.operations import ReplayRefused, resume_replay, run_replay, start_replay
from scoring.queries import ever_qualified, qualified_at_end_of
from tests.factories.scoring import make_draft, make_live, signal, version_of
from tests.scoring.histories import Did, add_activity, add_trait

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
FIRST, LAST = date(2026, 2, 20), date(2026, 3, 9)


@pytest.fixture
def version(login, ann, now):
    """Two log-in days in three; Ann logs in on 1, 2 and 6, 7 March."""
    add_activity(Did(ann, version_of(login), now - n * DAY) for n in (9, 8, 4, 3))
    return make_live(signal(login, kind="distinct_days", at_least=2, window_length=3), name="Ready")


def replay(version, now, first=FIRST, last=LAST, seconds=60):
    running = start_replay(version=version, first_day=first, last_day=last, now=now)
    while run_replay(replay=running, now=now, seconds=seconds):
        pass
    return running.run


def episodes(run):
    rows = ReplayQualification.objects.filter(run=run).order_by("first_day")
    return [(row.first_day.day, row.left_day.day if row.left_day else None) for row in rows]


def test_replay_finds_episodes_day_by_day_and_opens_nothing(version, now):
    run = replay(version, now)

    assert episodes(run) == [(2, 4), (7, 9)]
    assert not Qualification.objects.exists()
    assert not Score.objects.exists()


def test_who_qualified_before_the_first_day_is_in_from_that_day(version, now):
    assert episodes(replay(version, now, first=date(2026, 3, 3))) == [(3, 4), (7, 9)]


def test_answers_by_day(version, ann, now):
    run = replay(version, now)

    assert ever_qualified(run) == {ann.pk: date(2026, 3, 2)}
    assert qualified_at_end_of(run, date(2026, 3, 3)) == {ann.pk}
    assert qualified_at_end_of(run, date(2026, 3, 4)) == set()


def test_one_day_a_slice_and_a_new_process_for_each_find_the_same(version, now):
    run = start_replay(version=version, first_day=FIRST, last_day=LAST, now=now).run
    slices = 0
    while run.finished_at is None:
        run_replay(replay=resume_replay(run=run), now=now, seconds=0)
        run = ReplayRun.objects.get(pk=run.pk)
        slices += 1

    assert (slices, episodes(run)) == (18, [(2, 4), (7, 9)])


def test_traits_are_read_from_their_own_dates(ann, now):
    version = make_live(signal(kind="trait", trait_name="plan", trait_operator="eq", trait_value="pro"))
    add_trait(ann, "plan", "pro", now - 5 * DAY, received_at=now)
    add_trait(ann, "plan", "free", now - 2 * DAY, received_at=now)

    assert episodes(replay(version, now)) == [(5, 8)]


def test_robots_have_no_episodes(version, ann, now):
    Person.objects.filter(pk=ann.pk).update(exclusion=1)

    assert episodes(replay(version, now)) == []


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (LAST, FIRST, "after the last"),
        (FIRST, date(2026, 3, 11), "has not begun"),
        (date(2000, 1, 1), LAST, "ten years"),
    ],
)
def test_impossible_days_are_refused(version, now, first, last, words):
    with pytest.raises(ReplayRefused, match=words):
        start_replay(version=version, first_day=first, last_day=last, now=now)


def command(*options):
    call_command("replay", "--tenant", "acme", "--from", str(FIRST), "--to", str(LAST), *options)


def test_command_replays_a_definition_and_writes_its_episodes(version, tmp_path, capsys):
    path = tmp_path / "episodes.csv"

    command("--definition", "Ready", "--csv", str(path))

    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    assert [(row["subject"], row["first_day"], row["left_day"]) for row in rows] == [
        ("ann", "2026-03-02", "2026-03-04"),
        ("ann", "2026-03-07", "2026-03-09"),
    ]
    assert "1 ever qualified in 2 episodes; 0 at the end of 2026-03-09." in capsys.readouterr().out


def test_command_replays_a_draft_by_its_id(login, capsys):
    command("--version", str(make_draft(signal(login)).pk))

    assert "0 ever qualified" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--definition", "Redy"], "No definition is called 'Redy'.*Ready"),
        (["--version", "00000000-0000-7000-8000-000000000000"], "no such version"),
        (["--definition", "Ready", "--tenant", "acne"], "no tenant 'acne'"),
    ],
)
def test_command_says_what_is_wrong(version, options, words):
    with pytest.raises(CommandError, match=words):
        command(*options)
