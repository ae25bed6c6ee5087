"""What to call persons and accounts."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from ingestion.models import Account, Person, Touched


def subject_labels(kind: int, ids: Iterable[int]) -> dict[int, str]:
    """What to call persons or accounts (Touched.Kind) in a list. 1 query; unknown ids are left out."""
    if kind == Touched.Kind.ACCOUNT:
        rows = Account.objects.filter(pk__in=list(ids)).values_list("pk", "name", "key")
        return {id: name or key for id, name, key in rows}
    persons = Person.objects.filter(pk__in=list(ids)).values_list("pk", "label")
    return {id: label or _("Unknown visitor %(number)s") % {"number": id} for id, label in persons}
