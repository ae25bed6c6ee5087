"""From sign-up to won, for those who signed up in the period."""

from django.utils.translation import gettext as _

from charts import Funnel, Stage, figure, formats
from reports.queries import Arrivals, LeftOut, Lens
from reports.reports.parts import Figure, Report, Section
from reports.reports.question import Question, sign_up_words, subjects
from reports.reports.rate import nobody_signed_up

PARTS = ("signed_up", "scored", "pql", "routed", "accepted", "won")


def funnel(question: Question, lens: Lens, arrivals: Arrivals) -> Report:
    """How many of the period's sign-ups came how far until now."""
    reached = arrivals.stages
    counts = dict(zip(PARTS, reached.counts(), strict=True))
    titles = {
        "signed_up": _("Signed up"),
        "scored": _("Scored"),
        "pql": _("PQL"),
        "routed": _("Routed to somebody"),
        "accepted": _("Accepted"),
        "won": _("Won"),
    }
    chart = Funnel(
        title=_("From sign-up to won"),
        stages=[Stage(titles[part], counts[part], question.rows_url(part)) for part in PARTS],
        count_name=subjects(lens.definition).capitalize(),
    )
    notes = []
    if reached.held_out and question.sees_held_out:
        notes.append(
            _("%(number)s PQLs are held out: nobody was told about them, so they are not routed.")
            % {"number": formats.number(reached.held_out)}
        )
    is_empty = not reached.signed_up
    return Report(
        name="funnel",
        title=_("Funnel"),
        figures=[
            Figure(titles[part], formats.number(counts[part]), href=question.rows_url(part)) for part in PARTS
        ],
        sections=[] if is_empty else [Section(_("How far they came"), chart=figure(chart, heading=False))],
        notes=notes,
        empty=nobody_signed_up(lens, LeftOut(0, 0)) if is_empty else None,
        words={"sign_up": sign_up_words(lens.definition), "subjects": subjects(lens.definition)},
        sheet=[["stage", "subjects"], *([part, number] for part, number in counts.items())],
    )
