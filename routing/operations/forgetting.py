"""An erased account is named no more on the leads of its persons, who stay."""

from delivery.operations import forget_accounts_in
from ingestion.models import Identity
from routing.models import Lead
from tenants.personal import Scope


def forget_account_names(scope: Scope) -> int:
    """Take the accounts in scope off their persons' leads and off what was sent of these. Returns how many leads. Call
    it in a transaction, once the accounts' rows are gone: until then a new lead would name them again."""
    persons = Identity.objects.filter(pk__in=scope.members).values("person_id")
    leads = Lead.objects.filter(subject_kind=1, subject_id__in=persons)
    keys = [str(key) for key in leads.values_list("pk", flat=True)]
    forget_accounts_in(subject_refs=keys, account_keys=scope.account_keys, account_names=scope.account_names)
    named = leads.filter(account_label__in=[*scope.account_names, *scope.account_keys])
    return int(named.update(account_label="", account_search=""))
