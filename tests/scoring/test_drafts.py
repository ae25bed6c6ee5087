import pytest

from ingestion.models.events import Exclusion
from scoring.models import Band, Qualification, Signal, Version
from scoring.operations import (
    DraftRefused,
    NotPossible,
    archive_definition,
    new_draft,
    publish_version,
    save_draft,
    score_due,
    start_testing,
)
from scoring.queries import frozen_spec
from tenants.audit import SYSTEM
from tenants.models import AuditEvent
from tests.factories.scoring import make_action, make_definition, make_draft, make_live, signal, version_of
from tests.scoring.histories import Did, add_activity, make_person

pytestmark = pytest.mark.django_db
ME = {"by": SYSTEM}


def save(version, now, signals, bands=(("hot", 5000),), enter=5000):
    return save_draft(
        version=version,
        signals=signals,
        bands=[Band(name=name, minimum=minimum) for name, minimum in bands],
        enter_threshold=enter,
        exit_threshold=enter,
        requalify_after_days=30,
        **ME,
        now=now,
    )


def test_definition_begins_with_an_empty_draft(in_acme):
    draft = Version.objects.get(definition=make_definition())

    assert (draft.number, draft.state, draft.signals.count()) == (1, "draft", 0)


def test_saving_a_draft_replaces_signals_and_bands(login, now):
    draft = make_draft(signal(login), signal(login))

    save(draft, now, [signal(login, name="Only")], bands=[("hot", 5000), ("cold", 0)])

    assert list(draft.signals.values_list("name", flat=True)) == ["Only"]
    assert draft.bands.count() == 2


def test_refused_draft_keeps_what_was_saved_and_lists_every_problem(login, now):
    draft = make_draft(signal(login, name="Kept"))

    with pytest.raises(DraftRefused) as refused:
        save(draft, now, [signal(login, name="", window_length=0)], bands=[("hot", 4000)])

    fields = {problem.field for problem in refused.value.problems}
    assert {"signals.0.name"} <= fields
    assert draft.signals.get().name == "Kept"


def test_problem_of_a_band_names_its_place_as_given(login, now):
    draft = make_draft(signal(login))

    with pytest.raises(DraftRefused) as refused:
        save(draft, now, [signal(login)], bands=[("hot", 5000), ("top", 9000)])

    assert [problem.field for problem in refused.value.problems] == ["bands.1.minimum"]


def test_fields_of_another_kind_are_emptied(login, now):
    draft = make_draft(signal(login))

    save(draft, now, [signal(login, kind="trait", trait_name="plan", trait_operator="known")])

    row = draft.signals.get()
    assert (row.action_id, row.window, row.window_length, row.at_least) == (None, "ever", None, None)


def test_actions_of_another_unit_are_refused(boards, insights, now):
    draft = make_draft(signal(make_action("mine", unit=boards)), business_unit=boards)

    with pytest.raises(DraftRefused, match="Choose an action"):
        save(draft, now, [signal(make_action("theirs", unit=insights))])


def test_publishing_freezes_actions_and_zone(login, now):
    live = make_live(signal(login))
    pinned = version_of(login)
    login.versions.create(action=login, number=2, event_name="login", created_at=now)

    spec = frozen_spec(Version.objects.get(pk=live.pk))

    assert (spec.signals[0].action_version_id, spec.time_zone) == (pinned, "Europe/Berlin")


def test_empty_draft_cannot_be_published(in_acme, now):
    draft = Version.objects.get(definition=make_definition())

    with pytest.raises(DraftRefused, match="Add at least one signal"):
        publish_version(version=draft, **ME, now=now)


def test_publishing_archives_the_version_before(login, now):
    first = make_live(signal(login))
    second = publish_version(version=new_draft(definition=first.definition, **ME, now=now), **ME, now=now)

    states = dict(Version.objects.values_list("number", "state"))
    assert (states, second.number) == ({1: "archived", 2: "live"}, 2)


def test_new_draft_copies_the_live_version_and_is_made_once(login, now):
    live = make_live(signal(login, name="Logged in"), bands={"hot": 5000, "cold": 0})

    draft = new_draft(definition=live.definition, **ME, now=now)

    assert new_draft(definition=live.definition, **ME, now=now) == draft
    assert (draft.signals.get().name, draft.bands.count()) == ("Logged in", 2)
    assert draft.signals.get().pk not in set(Signal.objects.filter(version=live).values_list("pk", flat=True))


def test_live_version_cannot_be_edited_or_published_again(login, now):
    live = make_live(signal(login))

    with pytest.raises(DraftRefused, match="no longer a draft"):
        save(live, now, [signal(login)])
    with pytest.raises(NotPossible, match="Only a draft"):
        publish_version(version=live, **ME, now=now)


def test_testing_version_scores_and_opens_nothing_until_it_is_published(login, now):
    draft = start_testing(version=make_draft(signal(login)), **ME, now=now)
    add_activity([Did(make_person("ann", now), version_of(login), now.replace(hour=1))])

    assert (score_due(now=now).opened, draft.scores.get().is_qualified) == (0, True)

    publish_version(version=draft, **ME, now=now)
    assert score_due(now=now).opened == 1


@pytest.mark.parametrize(("asks", "scored"), [(True, True), (False, False)])
def test_testing_version_counts_staging_when_it_asks_and_live_never(login, now, asks, scored):
    draft = start_testing(version=make_draft(signal(login)), with_test_sources=asks, **ME, now=now)
    did = Did(
        make_person("ann", now), version_of(login), now.replace(hour=1), exclusion=Exclusion.NOT_PRODUCTION
    )
    add_activity([did])
    score_due(now=now)
    assert draft.scores.filter(is_qualified=True).exists() == scored

    publish_version(version=draft, **ME, now=now)
    score_due(now=now)
    assert not draft.scores.filter(is_qualified=True).exists()


def test_archived_definition_closes_its_pqls_and_scores_no_more(login, now):
    live = make_live(signal(login))
    ann = make_person("ann", now)
    add_activity([Did(ann, version_of(login), now.replace(hour=1))])
    score_due(now=now)

    archive_definition(definition=live.definition, **ME, now=now)
    add_activity([Did(ann, version_of(login), now.replace(hour=2))])

    assert (Qualification.objects.get().state, score_due(now=now).scored) == ("left", 0)
    with pytest.raises(NotPossible, match="archived"):
        publish_version(version=live, **ME, now=now)


def test_every_change_leaves_an_audit_row(login, now):
    live = make_live(signal(login))
    archive_definition(definition=live.definition, **ME, now=now)

    verbs = set(AuditEvent.objects.values_list("verb", flat=True))
    assert {"definition.created", "draft.saved", "version.published", "definition.archived"} <= verbs
