"""Leads, who works them, and the ordered tables that decide."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ingestion.models import SubjectKind
from ingestion.models.subjects import shown_text
from ingestion.rules.personal_fields import masked_label
from tenants.base import KeyedTenantModel, TenantForeignKey, TenantModel
from tenants.viewer import hides_personal_data


class Target(models.TextChoices):
    POOL = "pool", _("Pool (round robin)")
    REP = "rep", _("Named rep")
    AUTOMATION = "automation", _("Automation")
    NURTURE = "nurture", _("Nurture")
    HOLD = "hold", _("Hold")


class Pool(KeyedTenantModel):
    """Reps who take leads in turn."""

    business_unit = TenantForeignKey(
        "tenants.BusinessUnit", on_delete=models.PROTECT, related_name="+", verbose_name=_("owned by")
    )
    name = models.CharField(_("name"), max_length=120)
    first_response_hours = models.IntegerField(
        _("first response within (hours)"),
        default=24,
        help_text=_("The rep should accept or reject within this time."),
    )
    created_at = models.DateTimeField(_("created"), editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("pool")
        verbose_name_plural = _("pools")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "business_unit", "name"], name="pool_name_once"),
            models.CheckConstraint(condition=Q(first_response_hours__gte=1), name="pool_response_positive"),
        ]

    def __str__(self) -> str:
        return self.name


class PoolMember(KeyedTenantModel):
    """A rep's place in a pool. The next lead goes to the lowest `pointer`; taking one adds 1/weight to it."""

    owned_through = "pool"

    pool = TenantForeignKey(Pool, on_delete=models.CASCADE, related_name="members")
    membership = TenantForeignKey(
        "tenants.Membership", on_delete=models.CASCADE, related_name="+", verbose_name=_("rep")
    )
    position = models.IntegerField(_("order"), default=0)
    weight = models.IntegerField(_("share"), default=1, help_text=_("2 receives twice as many leads as 1."))
    capacity = models.IntegerField(
        _("open leads at most"), null=True, blank=True, help_text=_("Empty: no limit.")
    )
    is_available = models.BooleanField(
        _("available"), default=True, help_text=_("Off: on leave, receives nothing.")
    )
    pointer = models.BigIntegerField(
        default=0, editable=False, help_text="In 1/720720 of a turn, so that sums are exact."
    )
    received = models.IntegerField(_("received"), default=0, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("pool member")
        verbose_name_plural = _("pool members")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "pool", "membership"], name="pool_member_once"),
            models.CheckConstraint(condition=Q(weight__gte=1, weight__lte=16), name="pool_member_weight"),
            models.CheckConstraint(
                condition=Q(capacity__isnull=True) | Q(capacity__gte=1), name="pool_member_capacity"
            ),
        ]

    def __str__(self) -> str:
        return str(self.membership.user)


class RoutingTable(KeyedTenantModel):
    """A business unit's ordered rules; the first that matches wins, and the last line takes what is left."""

    business_unit = TenantForeignKey(
        "tenants.BusinessUnit", on_delete=models.PROTECT, related_name="+", verbose_name=_("for")
    )
    default_target = models.CharField(
        _("otherwise"), max_length=16, choices=Target.choices, default=Target.HOLD
    )
    default_pool = TenantForeignKey(
        Pool, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("pool")
    )
    updated_at = models.DateTimeField(_("changed"), editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("routing table")
        verbose_name_plural = _("routing tables")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "business_unit"], name="routing_table_one_per_unit"),
            models.CheckConstraint(
                condition=~Q(default_target="pool") | Q(default_pool__isnull=False),
                name="routing_default_has_pool",
            ),
            models.CheckConstraint(
                condition=Q(default_target__in=["pool", "nurture", "hold"]), name="routing_default_target"
            ),
        ]

    def __str__(self) -> str:
        return str(self.business_unit)


class RoutingRule(KeyedTenantModel):
    """One line of a table: all conditions must hold."""

    owned_through = "table"

    table = TenantForeignKey(RoutingTable, on_delete=models.CASCADE, related_name="rules")
    position = models.IntegerField(_("order"))
    name = models.CharField(_("name"), max_length=120)
    conditions = models.JSONField(
        _("when"),
        default=list,
        blank=True,
        help_text='[{"field": "band", "name": "", "op": "eq", "value": "hot"}]',
    )
    target = models.CharField(_("send to"), max_length=16, choices=Target.choices)
    pool = TenantForeignKey(Pool, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    rep = TenantForeignKey(
        "tenants.Membership",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("rep"),
    )
    destination = TenantForeignKey(
        "delivery.Destination",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("destination"),
        help_text=_("Told about every lead of this rule."),
    )

    class Meta(TenantModel.Meta):
        verbose_name = _("routing rule")
        verbose_name_plural = _("routing rules")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "table", "position"],
                name="routing_rule_position_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(
                condition=(~Q(target="pool") | Q(pool__isnull=False))
                & (~Q(target="rep") | Q(rep__isnull=False))
                & (~Q(target="automation") | Q(destination__isnull=False)),
                name="routing_rule_has_target",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Lead(KeyedTenantModel):
    """A qualification that routing has taken up. Held-out leads exist for the proof and show in no rep view."""

    class State(models.TextChoices):
        NEW = "new", _("New")
        WAITING = "waiting", _("Waiting for a free rep")
        WORKING = "working", _("Being worked")
        AUTOMATION = "automation", _("With automation")
        NURTURE = "nurture", _("Nurture")
        HOLD = "hold", _("On hold")
        HELD_OUT = "held_out", _("Held out")
        CLOSED = "closed", _("Closed")

    class Disposition(models.TextChoices):
        NONE = "", _("None yet")
        ACCEPTED = "accepted", _("Accepted")
        REJECTED = "rejected", _("Rejected")
        SQL = "sql", _("Sales-qualified")
        OPPORTUNITY = "opportunity", _("Opportunity")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")

    qualification = TenantForeignKey("scoring.Qualification", on_delete=models.PROTECT, related_name="leads")
    business_unit = TenantForeignKey("tenants.BusinessUnit", on_delete=models.PROTECT, related_name="+")
    subject_kind = models.SmallIntegerField(help_text="1 person, 2 account")
    subject_id = models.BigIntegerField()
    subject_label = models.TextField(_("lead"), blank=True)
    account_label = models.TextField(_("account"), blank=True)
    search = models.TextField(editable=False, blank=True, help_text="Lowercase label; searched by prefix.")
    account_search = models.TextField(
        editable=False, blank=True, help_text="Lowercase account; searched by prefix."
    )
    state = models.CharField(_("state"), max_length=16, choices=State.choices)
    disposition = models.CharField(
        _("came of it"), max_length=16, choices=Disposition.choices, blank=True, default=""
    )
    rejection_reason = models.CharField(_("why rejected"), max_length=200, blank=True)
    band = models.CharField(_("band"), max_length=40)
    points = models.IntegerField(_("points"))
    rep = TenantForeignKey(
        "tenants.Membership", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("rep")
    )
    pool = TenantForeignKey(Pool, on_delete=models.PROTECT, null=True, related_name="+")
    rule_name = models.CharField(_("because of rule"), max_length=120, blank=True)
    trace = models.JSONField(
        default=list, help_text="How routing decided: each rule, what held and what did not."
    )
    created_at = models.DateTimeField(_("since"))
    assigned_at = models.DateTimeField(null=True)
    respond_by = models.DateTimeField(_("respond by"), null=True)
    responded_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("lead")
        verbose_name_plural = _("leads")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "qualification"], name="lead_once_per_qualification"),
            models.CheckConstraint(
                condition=~Q(state="held_out") | Q(rep__isnull=True, pool__isnull=True),
                name="lead_held_out_has_nobody",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "state", "-points"], name="lead_queue"),
            models.Index(fields=["tenant", "business_unit"], name="lead_by_unit"),
            models.Index(fields=["tenant", "pool"], name="lead_by_pool"),
            models.Index(fields=["tenant", "rep", "state"], name="lead_by_rep"),
            models.Index(fields=["tenant", "subject_kind", "subject_id"], name="lead_by_subject"),
            models.Index(fields=["tenant", "-created_at", "-id"], name="lead_newest"),
        ]

    def __str__(self) -> str:
        return self.shown_label or str(self.pk)

    @property
    def shown_label(self) -> str:
        """Who it is about, for whoever is looking."""
        if self.subject_kind == SubjectKind.PERSON and hides_personal_data():
            return masked_label(self.subject_id, self.subject_label)
        return shown_text(self.subject_label)

    @property
    def shown_account_label(self) -> str:
        """Their company, for whoever is looking."""
        return shown_text(self.account_label)


class RoutingFailure(KeyedTenantModel):
    """A PQL that could not become a lead, for as long as it cannot."""

    owned_through = "qualification__definition"

    qualification = TenantForeignKey("scoring.Qualification", on_delete=models.CASCADE, related_name="+")
    reason = models.TextField(_("why"))
    attempts = models.IntegerField(_("attempts"))
    first_failed_at = models.DateTimeField(_("stuck since"))
    last_tried_at = models.DateTimeField(_("last tried"))
    next_at = models.DateTimeField(_("next try"))

    class Meta(TenantModel.Meta):
        verbose_name = _("stuck PQL")
        verbose_name_plural = _("stuck PQLs")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "qualification"], name="routing_failure_once")
        ]

    def __str__(self) -> str:
        return str(self.qualification)


class LeadEvent(TenantModel):
    """Append-only timeline of a lead."""

    class Kind(models.TextChoices):
        CREATED = "created", _("became a lead")
        HELD_OUT = "held_out", _("held out")
        RELEASED = "released", _("released from the holdout")
        ASSIGNED = "assigned", _("given to")
        WAITING = "waiting", _("waits for a free rep")
        ROUTED = "routed", _("taken off hold")
        DISPOSED = "disposed", _("marked")
        REOPENED = "reopened", _("reopened")
        BAND = "band", _("changed band")
        LEFT = "left", _("cooled down")
        CONVERTED = "converted", _("converted")
        MERGED = "merged", _("merged with another lead")

    owned_through = "lead"

    id = models.BigAutoField(primary_key=True)
    lead = TenantForeignKey(Lead, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=32, choices=Kind.choices)
    actor_id = models.UUIDField(null=True)
    detail = models.JSONField(default=dict)

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["tenant", "lead", "at"], name="lead_event_order")]
