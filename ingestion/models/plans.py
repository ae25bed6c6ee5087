"""What a business unit sells, what each plan allows, and which plan each account has been on."""

from datetime import timedelta

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ingestion.models.subjects import Account
from tenants.base import KeyedTenantModel, TenantForeignKey, TenantModel

STATUSES = ["trial", "free", "paid", "expired", "cancelled"]
DAY = r"^\d{4}-\d{2}-\d{2}$"


class Limit(KeyedTenantModel):
    """Something that plans allow so much of, and how its usage is known: counted actions, or a trait that says it."""

    class Kind(models.TextChoices):
        RECORDS = "records", _("Records")
        SEATS = "seats", _("Seats")
        STORAGE = "storage", _("Storage")
        API_CALLS = "api_calls", _("API calls")
        CUSTOM = "custom", _("Something else")

    class Resets(models.TextChoices):
        NEVER = "never", _("never")
        MONTH = "month", _("each calendar month")
        BILLING = "billing", _("each billing period")

    business_unit = TenantForeignKey(
        "tenants.BusinessUnit",
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("owned by"),
        help_text=_("Units below it can use the limit too."),
    )
    name = models.CharField(_("name"), max_length=80, help_text=_("For example: Records, Seats, API calls."))
    kind = models.CharField(_("of"), max_length=16, choices=Kind.choices, default=Kind.RECORDS)
    action = TenantForeignKey(
        "ingestion.Action",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("each one of this uses one"),
        help_text=_("The action that is counted, for example “Record created”."),
    )
    returning_action = TenantForeignKey(
        "ingestion.Action",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("and each of this gives one back"),
        help_text=_("For example “Record deleted”. Leave empty when nothing is given back."),
    )
    gauge_trait = models.CharField(
        _("or the account's trait that says it"),
        max_length=200,
        blank=True,
        help_text=_("For example storage_gb: a number that your product sends with group calls."),
    )
    resets = models.CharField(
        _("starts again"),
        max_length=8,
        choices=Resets.choices,
        default=Resets.NEVER,
        help_text=_("When counted usage goes back to 0. A trait is read as it is."),
    )
    created_at = models.DateTimeField(_("created"), editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("limit")
        verbose_name_plural = _("limits")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "business_unit", "name"], name="limit_name_once"),
            models.CheckConstraint(
                condition=Q(action__isnull=False, gauge_trait="")
                | (
                    Q(action__isnull=True, returning_action__isnull=True, resets="never") & ~Q(gauge_trait="")
                ),
                name="limit_one_measure",
                violation_error_message=_(
                    "Say how usage is known: an action to count, or a trait that says it (then nothing is given "
                    "back and nothing starts again)."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Plan(KeyedTenantModel):
    """A plan of a business unit's catalogue."""

    class Billing(models.TextChoices):
        NONE = "none", _("not billed")
        MONTH = "month", _("monthly")
        YEAR = "year", _("yearly")

    business_unit = TenantForeignKey(
        "tenants.BusinessUnit",
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("owned by"),
        help_text=_("Units below it have the plan too."),
    )
    name = models.CharField(_("name"), max_length=80, help_text=_("As people say it: Team."))
    key = models.CharField(
        _("key"),
        max_length=100,
        help_text=_("What your product calls it in events and traits, for example team-2027. Small letters."),
    )
    price_minor = models.BigIntegerField(
        _("price"), null=True, blank=True, editable=False, help_text="In minor units."
    )
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    billing = models.CharField(_("billed"), max_length=8, choices=Billing.choices, default=Billing.MONTH)
    created_at = models.DateTimeField(_("created"), editable=False)
    archived_at = models.DateTimeField(_("archived"), null=True, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "business_unit", "key"], name="plan_key_once"),
            models.CheckConstraint(
                condition=Q(price_minor__isnull=True, currency="")
                | (Q(price_minor__isnull=False, price_minor__gte=0) & ~Q(currency="")),
                name="plan_price_with_currency",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PlanLimit(KeyedTenantModel):
    """How much of a limit a plan allows."""

    owned_through = "plan"

    plan = TenantForeignKey(Plan, on_delete=models.CASCADE, related_name="limits")
    limit = TenantForeignKey(Limit, on_delete=models.PROTECT, related_name="plans", verbose_name=_("limit"))
    amount = models.DecimalField(
        _("allows"), max_digits=20, decimal_places=4, validators=[MinValueValidator(0.0001)]
    )
    is_hard = models.BooleanField(
        _("blocks"), default=False, help_text=_("Hard: the product stops at it. Soft: it goes on.")
    )

    class Meta(TenantModel.Meta):
        verbose_name = _("limit of a plan")
        verbose_name_plural = _("limits of the plan")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "plan", "limit"], name="plan_limit_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="plan_limit_amount"),
        ]

    def __str__(self) -> str:
        return str(self.limit)


class PlanRule(KeyedTenantModel):
    """Which trait of an account, or which event, tells its plan, status, trial or billing period."""

    class Source(models.TextChoices):
        TRAIT = "trait", _("a trait of the account")
        EVENT = "event", _("an event")

    class Fact(models.TextChoices):
        PLAN = "plan", _("plan")
        STATUS = "status", _("status")
        TRIAL_START = "trial_start", _("first day of the trial")
        TRIAL_END = "trial_end", _("last day of the trial")
        PERIOD_START = "period_start", _("first day of a billing period")

    class Status(models.TextChoices):
        TRIAL = "trial", _("trial")
        FREE = "free", _("free")
        PAID = "paid", _("paid")
        EXPIRED = "expired", _("expired")
        CANCELLED = "cancelled", _("cancelled")

    source = models.CharField(_("told by"), max_length=8, choices=Source.choices, default=Source.TRAIT)
    name = models.CharField(_("its name"), max_length=255, help_text=_("Exactly as your product sends it."))
    fact = models.CharField(_("the trait is its"), max_length=16, choices=Fact.choices, blank=True)
    status = models.CharField(_("the event makes it"), max_length=16, choices=Status.choices, blank=True)
    plan_property = models.CharField(
        _("property that names the plan"), max_length=255, blank=True, help_text=_("For example plan.")
    )
    trial_days = models.IntegerField(
        _("days of the trial it starts"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Only where the status is trial."),
    )
    created_at = models.DateTimeField(_("created"), editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("plan rule")
        verbose_name_plural = _("plan rules")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "source", "name", "fact"], name="plan_rule_once"),
            models.CheckConstraint(
                condition=(
                    Q(source="trait", status="", plan_property="", trial_days__isnull=True) & ~Q(fact="")
                )
                | (Q(source="event", fact="") & (~Q(status="") | ~Q(plan_property=""))),
                name="plan_rule_says_something",
            ),
            models.CheckConstraint(
                condition=Q(trial_days__isnull=True) | Q(status="trial", trial_days__gte=1),
                name="plan_rule_trial_days",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PlanFact(TenantModel):
    """One thing said about the plan of an account, with both clocks. Append-only: what holds at a moment is, for each
    fact, the one with the latest valid_from before it."""

    class Origin(models.TextChoices):
        TRAIT = "trait", _("a trait")
        EVENT = "event", _("an event")
        IMPORT = "import", _("an import")
        API = "api", _("the API")

    id = models.BigAutoField(primary_key=True)
    account = TenantForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    fact = models.CharField(max_length=16, choices=PlanRule.Fact.choices)
    value = models.TextField(null=True, help_text="Lowercase; a day as 2027-12-31; null: it was taken away.")
    valid_from = models.DateTimeField()
    received_at = models.DateTimeField()
    origin = models.CharField(max_length=8, choices=Origin.choices)
    message_id = models.TextField(help_text="Breaks ties of valid_from the same way in any order of arrival.")

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "account", "fact", "valid_from", "message_id"], name="plan_fact_once"
            ),
            models.CheckConstraint(
                condition=Q(value__isnull=True)
                | Q(fact="plan")
                | Q(fact="status", value__in=STATUSES)
                | Q(fact__in=["trial_start", "trial_end", "period_start"], value__regex=DAY),
                name="plan_fact_value",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fact}: {self.value}"

    @property
    def is_late(self) -> bool:
        """Whether we learned it on another day than it holds from."""
        return self.received_at - self.valid_from > timedelta(days=1)
