"""What a rep should do next, in one sentence."""

from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from routing.models import Lead
from routing.queries.cases import top_reasons
from routing.queries.lead_page import LeadPage
from scoring.models import Qualification


def next_step(page: LeadPage, *, now: datetime) -> str:
    """One recommendation from the lead's state; the reason that weighs most is what to talk about."""
    lead = page.lead
    if lead.state == Lead.State.HELD_OUT:
        return _("Do nothing: this lead is left alone to prove that working leads pays.")
    if lead.qualification.state == Qualification.State.CONVERTED and lead.state == Lead.State.WORKING:
        return _("They reached the goal on %(when)s. Mark the lead as won.") % {
            "when": _day(lead.qualification.closed_at)
        }
    if lead.state == Lead.State.CLOSED:
        return _("Nothing: this lead is closed.")
    if page.subject.no_contact:
        return _("Leave them alone: they do not want to be contacted.")
    return _open_step(page, now)


def _open_step(page: LeadPage, now: datetime) -> str:
    lead, who = page.lead, _whom(page)
    reasons = top_reasons(lead.qualification.contributions, 1)
    topic = _(" Begin with: %(reason)s.") % {"reason": reasons[0]["name"]} if reasons else ""
    if lead.rep_id is None:
        return (
            _("Give this lead to a rep.")
            if lead.state != Lead.State.AUTOMATION
            else _("Automation has it; watch.")
        )
    if lead.state == Lead.State.NEW:
        late = lead.respond_by is not None and lead.respond_by < now
        if late:
            return (
                _("Answer at once: the response time is over. Get in touch with %(who)s.") % {"who": who}
                + topic
            )
        return _("Accept it and get in touch with %(who)s.") % {"who": who} + topic
    match lead.disposition:
        case Lead.Disposition.SQL:
            return _("Qualified: agree on the next meeting with %(who)s and open an opportunity.") % {
                "who": who
            }
        case Lead.Disposition.OPPORTUNITY:
            return _("Close it: mark the lead as won or lost when it is decided.")
    return _("Get in touch with %(who)s.") % {"who": who} + topic


def _whom(page: LeadPage) -> str:
    """The person, or the most active person of the account."""
    if page.subject.person is None and page.team:
        return str(page.team[0].person)
    return page.subject.shown


def _day(moment: datetime | None) -> str:
    return date_format(localtime(moment), "DATE_FORMAT") if moment else ""
