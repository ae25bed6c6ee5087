"""Who and which company. Events carry the identity they came with; a person is a map over identities that can be
rebuilt at any time from the links."""

from django.db import models
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from ingestion.rules.personal_fields import masked_label, masked_text
from tenants.base import TenantForeignKey, TenantModel
from tenants.viewer import hides_personal_data


def shown_text(text: str) -> str:
    """A text in which an e-mail address may be, for whoever is looking."""
    return masked_text(text) if "@" in text and hides_personal_data() else text


class Person(TenantModel):
    """One human being as far as we can tell. Key is bigint: millions of rows, joined by every score."""

    id = models.BigAutoField(primary_key=True)
    label = models.TextField(_("person"), blank=True, help_text="Name, e-mail or user id, for lists.")
    email = models.TextField(_("e-mail"), blank=True)
    search = models.TextField(
        editable=False, blank=True, help_text="Lowercase label and e-mail; searched by prefix."
    )
    traits = models.JSONField(_("traits now"), default=dict)
    is_identified = models.BooleanField(_("identified"), default=False)
    exclusion = models.SmallIntegerField(_("counts"), default=0)
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))
    merged_into_id = models.BigIntegerField(null=True, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("person")
        verbose_name_plural = _("persons")
        indexes = [
            models.Index(fields=["tenant", "search"], name="person_search"),
            models.Index(fields=["tenant", "email"], condition=~models.Q(email=""), name="person_email"),
            models.Index("tenant", Lower("email"), condition=~models.Q(email=""), name="person_email_lower"),
            models.Index(fields=["tenant", "-last_seen_at"], name="person_recent"),
            models.Index(
                fields=["tenant", "merged_into_id"],
                condition=models.Q(merged_into_id__isnull=False),
                name="person_merged_into",
            ),
            models.Index(fields=["tenant", "id"], condition=~models.Q(exclusion=0), name="person_excluded"),
        ]

    def __str__(self) -> str:
        """What to call them in front of whoever is looking."""
        if hides_personal_data():
            return masked_label(self.pk, self.label, self.email)
        return self.label or f"#{self.pk}"

    @property
    def shown_email(self) -> str:
        """The e-mail for whoever is looking."""
        return shown_text(self.email)


class Identity(TenantModel):
    """A user id or an anonymous id as received, and the person it belongs to at present."""

    class Kind(models.IntegerChoices):
        USER = 1, _("user id")
        ANONYMOUS = 2, _("anonymous id")

    id = models.BigAutoField(primary_key=True)
    kind = models.SmallIntegerField(choices=Kind.choices)
    value = models.TextField()
    person = TenantForeignKey(Person, on_delete=models.CASCADE, related_name="identities")
    # Of the events that came with it. Kept here because it outlives them.
    first_seen_at = models.DateTimeField(null=True)
    last_seen_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("identity")
        verbose_name_plural = _("identities")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "kind", "value"], name="identity_once"),
        ]
        indexes = [models.Index(fields=["tenant", "person"], name="identity_by_person")]

    def __str__(self) -> str:
        return shown_text(self.value)


class IdentityLink(TenantModel):
    """Evidence that two identities are one person: (anonymous, user) from identify or track, or an alias, which names
    two anonymous ones without direction. Kept at its first time (event time, then message id), so that the map does
    not depend on the order of arrival. ingestion.rules.links says which evidence holds."""

    class Held(models.IntegerChoices):
        NO = 0, _("holds")
        BLOCKED = 1, _("blocked id")
        SHARED = 2, _("shared device")
        CROWD = 3, _("too many devices in a day")

    id = models.BigAutoField(primary_key=True)
    identity = TenantForeignKey(Identity, on_delete=models.CASCADE, related_name="links")
    user_identity = TenantForeignKey(Identity, on_delete=models.CASCADE, related_name="linked_from")
    is_alias = models.BooleanField(default=False)
    ts = models.DateTimeField()
    message_id = models.TextField()
    undone_at = models.DateTimeField(null=True)
    held = models.SmallIntegerField(
        choices=Held.choices,
        default=Held.NO,
        help_text="Why it joins nobody; from all evidence, never by hand.",
    )

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "identity", "user_identity"], name="identity_link_once"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "user_identity", "ts"], name="identity_link_backwards"),
            models.Index(fields=["tenant", "held"], condition=~models.Q(held=0), name="identity_link_held"),
        ]


class Account(TenantModel):
    """A company or workspace: what the product calls a group."""

    id = models.BigAutoField(primary_key=True)
    key = models.TextField(_("group id"))
    name = models.TextField(_("account"), blank=True)
    search = models.TextField(
        editable=False, blank=True, help_text="Lowercase name and key; searched by prefix."
    )
    traits = models.JSONField(_("traits now"), default=dict)
    exclusion = models.SmallIntegerField(_("counts"), default=0)
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))

    class Meta(TenantModel.Meta):
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="account_key_once")]
        indexes = [
            models.Index(fields=["tenant", "search"], name="account_search"),
            models.Index(fields=["tenant", "-last_seen_at"], name="account_recent"),
            models.Index(fields=["tenant", "id"], condition=~models.Q(exclusion=0), name="account_excluded"),
            models.Index("tenant", KeyTextTransform("domain", "traits"), name="account_by_domain"),
            models.Index("tenant", KeyTextTransform("website", "traits"), name="account_by_website"),
        ]

    def __str__(self) -> str:
        return shown_text(self.name or self.key)

    @property
    def shown_key(self) -> str:
        """The group id for whoever is looking: some products use an e-mail address."""
        return shown_text(self.key)


class AccountMembership(TenantModel):
    """An identity belongs to an account from a moment on (a group call, or an event that happened there). Without such
    a word it may belong to the account of its person's e-mail domain, as long as there is none."""

    id = models.BigAutoField(primary_key=True)
    identity = TenantForeignKey(Identity, on_delete=models.CASCADE, related_name="account_memberships")
    account = TenantForeignKey(Account, on_delete=models.CASCADE, related_name="memberships")
    valid_from = models.DateTimeField()
    is_derived = models.BooleanField(
        default=False, db_default=False, help_text="From the domain of the person's e-mail."
    )

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "identity", "account"], name="account_membership_once"),
            models.UniqueConstraint(
                fields=["tenant", "identity"],
                condition=models.Q(is_derived=True),
                name="account_membership_one_derived",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "account"], name="membership_by_account")]


class TraitValue(TenantModel):
    """A property of a person (through an identity) or an account, with both clocks. Append-only history; only whether
    another origin's word stands before it can change."""

    class Subject(models.IntegerChoices):
        IDENTITY = 1, _("person")
        ACCOUNT = 2, _("account")

    class Origin(models.IntegerChoices):
        """Who says so."""

        PRODUCT = 0, _("product")
        IMPORT = 1, _("file import")
        CRM = 2, _("CRM")
        ENRICHMENT = 3, _("enrichment")
        MANUAL = 4, _("by hand or API")

    id = models.BigAutoField(primary_key=True)
    subject_kind = models.SmallIntegerField(choices=Subject.choices)
    subject_id = models.BigIntegerField(help_text="Identity id or account id.")
    name = models.TextField()
    value = models.JSONField(null=True)
    text = models.TextField(null=True, help_text="The value as lowercase text, for tests of equality.")
    number = models.DecimalField(max_digits=38, decimal_places=9, null=True)
    valid_from = models.DateTimeField(help_text="Event time of the message that said so.")
    received_at = models.DateTimeField()
    message_id = models.TextField(help_text="Breaks ties of valid_from the same way in any order of arrival.")
    origin = models.SmallIntegerField(
        choices=Origin.choices, default=Origin.PRODUCT, db_default=Origin.PRODUCT
    )
    is_shadowed = models.BooleanField(
        default=False,
        db_default=False,
        help_text="An origin that goes before this one had spoken by then: it does not hold.",
    )

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "subject_kind", "subject_id", "name", "valid_from", "message_id"],
                name="trait_value_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "subject_kind", "subject_id", "name"],
                condition=models.Q(origin__gt=0) | models.Q(is_shadowed=True),
                name="trait_value_told",
            ),
        ]
