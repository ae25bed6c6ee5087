"""What was received, what could not be read, and the narrow rows that scoring reads.

Inbox, Event, EventKey, Activity and Touched are written by SQL in bulk (ingestion/sql) and never one by one.
"""

from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.base import KeyedTenantModel, TenantModel


class EventKind(models.IntegerChoices):
    TRACK = 1, "track"
    IDENTIFY = 2, "identify"
    GROUP = 3, "group"
    PAGE = 4, "page"
    SCREEN = 5, "screen"
    ALIAS = 6, "alias"


class Exclusion(models.IntegerChoices):
    """Why an event does not count. Marked, never deleted: the rule can change and history be read again."""

    NONE = 0, _("counts")
    BOT = 1, _("bot")
    INTERNAL = 2, _("internal")
    TEST = 3, _("test")
    NOT_PRODUCTION = 4, _("not production")


class Inbox(TenantModel):
    """One accepted request, as it came (inflated JSON), until it is folded; then the row is deleted."""

    id = models.BigAutoField(primary_key=True)
    source_id = models.UUIDField()
    received_at = models.DateTimeField()
    payload = models.BinaryField(
        help_text="UTF-8 JSON: {'batch': [...], 'sentAt', 'context'} with only well-shaped items"
    )
    client = models.JSONField(
        default=dict, help_text="ip, user_agent, import_id: what the request said about itself"
    )
    attempts = models.SmallIntegerField(default=0)


class Event(TenantModel):
    """One thing that happened, as received. Immutable. Partitioned by month of received_at; nothing refers to it."""

    id = models.BigAutoField(primary_key=True)
    received_at = models.DateTimeField(_("received"))
    source_id = models.UUIDField(_("source"))
    message_id = models.TextField(_("message id"))
    kind = models.SmallIntegerField(_("kind"), choices=EventKind.choices)
    name = models.TextField(_("event"))
    ts = models.DateTimeField(_("happened"))
    identity_id = models.BigIntegerField()
    account_id = models.BigIntegerField(null=True)
    exclusion = models.SmallIntegerField(_("counts"), choices=Exclusion.choices, default=Exclusion.NONE)
    clock_skew_ms = models.BigIntegerField(null=True)
    properties = models.JSONField(
        _("properties"), default=dict, help_text="properties or traits of the message"
    )
    context = models.JSONField(_("context"), default=dict)

    class Meta(TenantModel.Meta):
        managed = False  # partitioned: made by SQL in the migration
        db_table = "ingestion_event"
        verbose_name = _("event")
        verbose_name_plural = _("events")

    def __str__(self) -> str:
        return self.name


class EventKey(TenantModel):
    """The truth about duplicates: one row per (source, message id), kept as long as a re-import must add nothing."""

    message_hash = models.UUIDField(
        primary_key=True, help_text="First 16 bytes of SHA-256 of source id and message id."
    )

    class Meta(TenantModel.Meta):
        managed = False
        db_table = "ingestion_event_key"


class Activity(TenantModel):
    """One row per event and matched action: all that scoring reads, and never the JSON. It outlives the event."""

    event_id = models.BigIntegerField(primary_key=True)
    action_version_id = models.BigIntegerField()
    identity_id = models.BigIntegerField()
    account_id = models.BigIntegerField(null=True)
    ts = models.DateTimeField()
    received_at = models.DateTimeField()
    local_day = models.DateField(help_text="Date of ts in the tenant's time zone.")
    number = models.DecimalField(max_digits=38, decimal_places=9, null=True)
    exclusion = models.SmallIntegerField(default=Exclusion.NONE)
    own_exclusion = models.SmallIntegerField(
        default=Exclusion.NONE, help_text="The event's own, without its person's and account's."
    )
    currency = models.TextField(null=True, help_text="ISO code, where the number is money.")
    is_derived = models.BooleanField(
        default=False,
        db_default=False,
        help_text="The account is that of an e-mail domain; the event names none.",
    )

    class Meta(TenantModel.Meta):
        managed = False
        db_table = "ingestion_activity"


class Touched(TenantModel):
    """Subjects whose history changed since they were last scored. Append-only queue that scoring empties: a unique row
    would lose a touch made while its subject is being scored."""

    class Kind(models.IntegerChoices):
        PERSON = 1, _("person")
        ACCOUNT = 2, _("account")

    class Cause(models.IntegerChoices):
        """Why: what was there is counted anew (a rule, an action, an un-merge), something happened, or history came."""

        RECOUNT = 0
        LIVE = 1
        HISTORICAL = 2

    id = models.BigAutoField(primary_key=True)
    subject_kind = models.SmallIntegerField(choices=Kind.choices)
    subject_id = models.BigIntegerField()
    cause = models.SmallIntegerField(choices=Cause.choices, db_default=Cause.RECOUNT)


class QuarantinedEvent(KeyedTenantModel):
    """An event that could not be read, kept whole with the reason, to be mended and replayed."""

    source_id = models.UUIDField(_("source"))
    received_at = models.DateTimeField(_("received"))
    message_id = models.TextField(_("message id"), blank=True)
    event_name = models.TextField(_("event"), blank=True)
    code = models.CharField(_("reason"), max_length=64)
    detail = models.TextField(_("what to do"))
    raw = models.TextField(_("as received"))
    client = models.JSONField(default=dict)
    replayed_at = models.DateTimeField(_("replayed"), null=True)
    import_run_id = models.UUIDField(
        null=True, help_text="The import that read it, when it came from a file."
    )
    row_number = models.BigIntegerField(null=True, help_text="Its row in that file, from 1.")

    class Meta(TenantModel.Meta):
        verbose_name = _("quarantined event")
        verbose_name_plural = _("quarantine")
        indexes = [
            models.Index(fields=["tenant", "-received_at"], name="quarantine_newest"),
            models.Index(
                fields=["tenant", "import_run_id", "row_number"],
                condition=models.Q(import_run_id__isnull=False),
                name="quarantine_of_import",
            ),
            models.Index(
                fields=["tenant", "source_id", "code", "event_name", "id"],
                condition=models.Q(replayed_at__isnull=True),
                name="quarantine_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.event_name or self.message_id}"


class QuarantineReplay(KeyedTenantModel):
    """A group of the quarantine on its way into the stream again, and what came of it."""

    source_id = models.UUIDField(_("source"))
    code = models.CharField(_("reason"), max_length=64)
    event_name = models.TextField(_("event"), blank=True)
    asked_at = models.DateTimeField(_("asked"))
    finished_at = models.DateTimeField(_("finished"), null=True)
    after = models.UUIDField(default=UUID(int=0), help_text="The last event that was looked at.")
    total = models.BigIntegerField(_("events"))
    sent = models.BigIntegerField(_("sent again"), default=0)
    refused = models.BigIntegerField(_("still unreadable"), default=0)

    class Meta(TenantModel.Meta):
        verbose_name = _("replay of the quarantine")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "source_id", "code", "event_name"],
                condition=models.Q(finished_at__isnull=True),
                name="quarantine_replay_one_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.event_name}"
