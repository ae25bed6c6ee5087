"""The ids of a person and what joins them, drawn: a row for each id, an arc for each piece of evidence. Solid joins;
dashed was taken back or is held back. The list below the drawing says the same in words."""

from collections.abc import Sequence

from django import template
from django.utils.translation import gettext as _

from charts import Svg
from charts.svg import element, text
from ingestion.models import Identity
from ingestion.queries.identities import Evidence

register = template.Library()
MOST = 16  # ids: more than that is a list to read, not a drawing
WIDTH, ROW, RAIL = 340, 30, 96


@register.simple_tag
def identity_map(identities: Sequence[Identity], evidence: Sequence[Evidence]) -> Svg:
    """The drawing, or nothing where there is nothing to join or too much to see."""
    own = {identity.pk for identity in identities}
    ends = [end for row in evidence for end in (row.link.identity, row.link.user_identity)]
    shown = list({each.pk: each for each in [*identities, *ends]}.values())
    if not evidence or len(shown) > MOST:
        return Svg("")
    place = {identity.pk: ROW * (order + 0.5) for order, identity in enumerate(shown)}
    rows = [_row(identity, place[identity.pk], is_own=identity.pk in own) for identity in shown]
    return element(
        "svg",
        element("title", _("Which ids are joined, and by how many pieces of evidence")),
        *(
            _arc(
                place[row.link.identity_id],
                place[row.link.user_identity_id],
                is_loose=row.is_undone or row.is_held or row.is_blocked,
            )
            for row in evidence
        ),
        *(
            _arc(place[one], place[other], is_loose=False)
            for one, other in _named_alike(identities, evidence)
        ),
        *rows,
        class_="pq-joins",
        viewBox=f"0 0 {WIDTH} {ROW * len(shown)}",
        role="img",
    )


def _named_alike(identities: Sequence[Identity], evidence: Sequence[Evidence]) -> list[tuple[int, int]]:
    """An alias does not say of what kind an id is: the one it names is the user of that id."""
    users = {each.value: each.pk for each in identities if each.kind == Identity.Kind.USER}
    links = [row.link for row in evidence if row.link.is_alias]
    ends = {end.pk: end.value for link in links for end in (link.identity, link.user_identity)}
    own = {each.pk for each in identities}
    return [(key, users[value]) for key, value in ends.items() if key in own and value in users]


def _arc(one: float, other: float, *, is_loose: bool) -> Svg:
    top, bottom = sorted((one, other))
    bulge = min(RAIL - 8, 14 + (bottom - top) * 0.45)
    return element(
        "path",
        d=f"M{RAIL} {top}C{RAIL - bulge} {top} {RAIL - bulge} {bottom} {RAIL} {bottom}",
        class_="pq-join pq-join-loose" if is_loose else "pq-join",
    )


def _row(identity: Identity, y: float, *, is_own: bool) -> Svg:
    kind = identity.get_kind_display() if is_own else _("another person's")
    return element(
        "g",
        element("circle", cx=RAIL, cy=y, r=5, class_="pq-join-own" if is_own else "pq-join-other"),
        text(str(identity), RAIL + 12, y + 1, room=WIDTH - RAIL - 16, class_="pq-join-id"),
        text(kind, RAIL + 12, y + 12, size=9, class_="pq-join-kind"),
    )
