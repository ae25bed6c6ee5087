"""What to call persons and accounts."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from ingestion.models import Account, Person, Touched


def subject_labels(kind: int, ids: Iterable[int]) -> dict[int, str]:
    """What to call persons or accounts (Touched.Kind) in a list, in front of whoever is looking. 1 query; unknown ids
    are left out."""
    if kind == Touched.Kind.ACCOUNT:
        accounts = Account.objects.filter(pk__in=list(ids)).only("pk", "name", "key")
        return {account.pk: str(account) for account in accounts}
    persons = Person.objects.filter(pk__in=list(ids)).only("pk", "label", "email")
    unknown = _("Unknown visitor %(number)s")
    return {row.pk: str(row) if row.label else unknown % {"number": row.pk} for row in persons}
