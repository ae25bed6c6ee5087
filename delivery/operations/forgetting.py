"""What was sent, without an account that was erased."""

from collections.abc import Sequence

from django.db.models import Q
from django.db.models.fields.json import KeyTextTransform

from delivery.models import Delivery


def forget_accounts_in(
    *, subject_refs: Sequence[str], account_keys: Sequence[str], account_names: Sequence[str]
) -> None:
    """Take these accounts out of the payloads about these leads, by key or by name. Call it in a transaction."""
    account = KeyTextTransform("account", KeyTextTransform("subject", "payload"))
    rows = Delivery.objects.filter(subject_ref__in=subject_refs).annotate(
        account_key=KeyTextTransform("id", account), account_name=KeyTextTransform("name", account)
    )
    for row in rows.filter(Q(account_key__in=account_keys) | Q(account_name__in=account_names)):
        row.payload["subject"]["account"] = None
        row.save(update_fields=["payload"])
