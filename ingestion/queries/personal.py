"""What this room holds about a person or an account, and who that is: by key, or again by the marks of an erasure."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from ingestion.models import Account, AccountMembership, Erasure, Identity, Person, SubjectKind, TraitValue
from ingestion.queries.people import find_accounts, find_persons
from ingestion.rules.suppression import ACCOUNT, EMAIL, ID, Name, clean_email, mark_of, raw_marks
from tenants.context import current_tenant_id
from tenants.mentions import is_telling
from tenants.personal import OF_SUBJECTS, Holding, Scope
from tenants.secret_box import marking_keys

_IDENTITIES = "ANY(%(identities)s::bigint[])"
_IN_ACCOUNTS = "t.account_id = ANY(%(accounts)s::bigint[])"
_LISTS_OF = (
    "t.list_id IN (SELECT l.id FROM ingestion_list l WHERE l.tenant_id = %(tenant_id)s AND l.kind = '{kind}')"
)
_RAW = "EXISTS (SELECT FROM unnest(%(raw_marks)s::text[]) AS m(mark) WHERE strpos({text}, m.mark) > 0)"

# In the order in which they are emptied: what refers to others first.
HOLDINGS = [
    Holding("ingestion_touched", _("waiting to be scored"), OF_SUBJECTS),
    Holding(
        "ingestion_activity",
        _("activity: events that counted for an action"),
        f"t.identity_id = {_IDENTITIES} OR {_IN_ACCOUNTS}",
    ),
    Holding(
        "ingestion_event",
        _("events"),
        f"t.identity_id = {_IDENTITIES} OR (t.identity_id = ANY(%(members)s::bigint[]) AND {_IN_ACCOUNTS})",
    ),
    Holding(
        "ingestion_traitvalue",
        _("traits with their history"),
        f"(t.subject_kind = 1 AND t.subject_id = {_IDENTITIES})"
        " OR (t.subject_kind = 2 AND t.subject_id = ANY(%(accounts)s::bigint[]))",
    ),
    Holding(
        "ingestion_identitylink",
        _("evidence that joins ids"),
        f"t.identity_id = {_IDENTITIES} OR t.user_identity_id = {_IDENTITIES}",
    ),
    Holding(
        "ingestion_accountmembership",
        _("memberships in accounts"),
        f"t.identity_id = {_IDENTITIES} OR {_IN_ACCOUNTS}",
    ),
    Holding("ingestion_marketingtouch", _("how they came"), f"t.identity_id = {_IDENTITIES}"),
    Holding("ingestion_enrichedaccount", _("what enrichments answered"), _IN_ACCOUNTS),
    Holding("ingestion_planfact", _("plans with their history"), _IN_ACCOUNTS),
    Holding(
        "ingestion_listrow",
        _("rows of lists"),
        f"(t.value = ANY(%(user_ids)s::text[]) AND {_LISTS_OF.format(kind='user_id')})"
        f" OR (t.value = ANY(%(account_keys)s::text[]) AND {_LISTS_OF.format(kind='account_key')})",
    ),
    Holding(
        "ingestion_exclusionrule",
        _("rules about who does not count"),
        "(t.kind = 'user_id' AND t.value = ANY(%(user_ids)s::text[]))"
        " OR (t.kind = 'account_key' AND t.value = ANY(%(account_keys)s::text[]))",
    ),
    Holding(
        "ingestion_identityrule",
        _("rules about ids"),
        "(t.kind = 'person_id' AND t.value = ANY(%(user_ids)s::text[]))"
        " OR (t.kind = 'group_id' AND t.value = ANY(%(account_keys)s::text[]))",
    ),
    Holding(
        "ingestion_quarantinedevent",
        _("events in quarantine, and rejected rows of imports"),
        f"{_RAW.format(text='t.raw')} OR {_RAW.format(text='lower(t.raw)')}",
    ),
    Holding("ingestion_outcome", _("goals reached"), OF_SUBJECTS, is_kept=True),
    Holding("ingestion_identity", _("ids"), f"t.id = {_IDENTITIES}"),
    Holding("ingestion_person", _("person"), "t.id = ANY(%(persons)s::bigint[])"),
    Holding("ingestion_account", _("account"), "t.id = ANY(%(accounts)s::bigint[])"),
]


def subjects_like(text: str) -> list[tuple[int, Person | Account]]:
    """Persons and accounts found by name, e-mail, user id, anonymous id or account key: (kind, row). 5 queries."""
    persons = [(int(SubjectKind.PERSON), row) for row in find_persons(text)]
    return [*persons, *((int(SubjectKind.ACCOUNT), row) for row in find_accounts(text))]


def subject_row(kind: int, key: int) -> Person | Account | None:
    """The person or account of this key, if there is one."""
    model = Person if kind == SubjectKind.PERSON else Account
    row: Person | Account | None = model.objects.filter(pk=key).first()
    return row


def scope_of(kind: int, key: int, *, with_companions: bool) -> Scope:
    """A person with all they were merged from, or an account. with_companions: also the accounts that nobody else is
    in, or the persons who are in no other account. A dozen queries."""
    if kind == SubjectKind.PERSON:
        persons = _merged_with([key])
        accounts = _accounts_of_nobody_else(_identities_of(persons)) if with_companions else set()
        return _described(persons, accounts)
    persons = _persons_of_no_other_account(key) if with_companions else set()
    return _described(persons, {key})


def scope_of_marks(marks: Collection[bytes], key_ids: Iterable[str]) -> Scope:
    """Who an erasure was about, found again on a restored database: every id and account is marked and compared, about
    a second for 300,000."""
    keys = [marking_keys()[key_id] for key_id in key_ids if key_id in marking_keys()]
    wanted, tenant_id = {bytes(mark) for mark in marks}, current_tenant_id()

    def is_marked(name: Name) -> bool:
        return any(mark_of(name, tenant_id=tenant_id, key=key) in wanted for key in keys)

    identities = Identity.objects.values_list("value", "person_id").iterator()
    persons = {person_id for value, person_id in identities if is_marked((ID, value))}
    emails = Person.objects.exclude(email="").values_list("email", "pk").iterator()
    persons |= {pk for email, pk in emails if is_marked((EMAIL, clean_email(email)))}
    accounts = {
        pk for key, pk in Account.objects.values_list("key", "pk").iterator() if is_marked((ACCOUNT, key))
    }
    return _described(_merged_with(persons), accounts)


def names_of_scope(scope: Scope) -> list[Name]:
    """Every id and address that must not come back."""
    return [
        *((ID, value) for value in scope.user_ids),
        *((EMAIL, value) for value in scope.emails),
        *((ACCOUNT, value) for value in scope.account_keys),
    ]


def newest_erasures(limit: int = 100) -> list[Erasure]:
    return list(Erasure.objects.order_by("-asked_at")[:limit])


def _described(persons: Collection[int], accounts: Collection[int]) -> Scope:
    identities = _identities_of(persons)
    members = AccountMembership.objects.filter(account_id__in=accounts).values_list("identity_id", flat=True)
    ids = Identity.objects.filter(pk__in=identities).values_list("value", flat=True)
    held = list(Account.objects.filter(pk__in=accounts).values_list("key", "name"))
    scope = Scope(
        persons=tuple(sorted(persons)),
        identities=tuple(sorted(identities)),
        accounts=tuple(sorted(accounts)),
        members=tuple(sorted(set(members))),
        user_ids=tuple(sorted(set(ids))),
        emails=tuple(sorted(_emails_of(persons, identities))),
        account_keys=tuple(sorted(key for key, _name in held)),
        account_names=tuple(sorted({name for _key, name in held} - {""})),
    )
    return with_raw_marks(scope)


def with_raw_marks(scope: Scope) -> Scope:
    """The scope with what its ids and addresses look like in a raw event."""
    telling = [value for value in (*scope.user_ids, *scope.account_keys) if is_telling(value)]
    marks = raw_marks(scope.user_ids, scope.emails, scope.account_keys, telling)
    return replace(scope, raw_marks=tuple(marks))


def _merged_with(persons: Collection[int]) -> set[int]:
    """These persons, whom they were merged into, and all who were merged into those."""
    rows = Person.objects.filter(pk__in=persons).values_list("pk", "merged_into_id")
    found = {into or pk for pk, into in rows}
    while (
        above := set(
            Person.objects.filter(pk__in=found, merged_into_id__isnull=False).values_list(
                "merged_into_id", flat=True
            )
        )
        - found
    ):
        found |= above
    while below := set(Person.objects.filter(merged_into_id__in=found).values_list("pk", flat=True)) - found:
        found |= below
    return found


def _identities_of(persons: Collection[int]) -> set[int]:
    return set(Identity.objects.filter(person_id__in=persons).values_list("pk", flat=True))


def _emails_of(persons: Collection[int], identities: Collection[int]) -> set[str]:
    """Every address they ever had."""
    told = TraitValue.objects.filter(
        subject_kind=TraitValue.Subject.IDENTITY, subject_id__in=identities, name="email"
    )
    found = {clean_email(value) for value in told.values_list("text", flat=True)}
    found |= {
        clean_email(value) for value in Person.objects.filter(pk__in=persons).values_list("email", flat=True)
    }
    return found - {""}


def _accounts_of_nobody_else(identities: Collection[int]) -> set[int]:
    own = set(
        AccountMembership.objects.filter(identity_id__in=identities).values_list("account_id", flat=True)
    )
    shared = AccountMembership.objects.filter(account_id__in=own).exclude(identity_id__in=identities)
    return own - set(shared.values_list("account_id", flat=True))


def _persons_of_no_other_account(account_id: int) -> set[int]:
    inside = AccountMembership.objects.filter(account_id=account_id)
    persons = _merged_with(set(inside.values_list("identity__person_id", flat=True)))
    elsewhere = AccountMembership.objects.filter(identity__person_id__in=persons).exclude(
        account_id=account_id
    )
    return persons - _merged_with(set(elsewhere.values_list("identity__person_id", flat=True)))
