"""What a business unit calls a product-qualified lead. A version is edited while it is a draft and frozen after."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from scoring.rules.spec import BUILT_IN
from tenants.base import KeyedTenantModel, TenantForeignKey, TenantModel


class Level(models.IntegerChoices):
    PERSON = 1, _("Person")
    ACCOUNT = 2, _("Account")


class Motion(KeyedTenantModel):
    """What we try to bring about, and the goal that says it happened."""

    business_unit = TenantForeignKey(
        "tenants.BusinessUnit", on_delete=models.PROTECT, related_name="+", verbose_name=_("owned by")
    )
    name = models.CharField(
        _("name"), max_length=120, help_text=_("For example: Free to paid, Seat expansion.")
    )
    start_action = TenantForeignKey(
        "ingestion.Action",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("starts with"),
        help_text=_(
            "The action that puts somebody into the population, usually the sign-up. Empty: first seen."
        ),
    )
    goal_action = TenantForeignKey(
        "ingestion.Action",
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("goal"),
        help_text=_("The action that says it worked, for example “Subscription started”."),
    )
    goal_window_days = models.IntegerField(
        _("goal within (days)"),
        default=30,
        help_text=_("A PQL counts as converted when the goal follows within this time."),
    )
    created_at = models.DateTimeField(_("created"), editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("motion")
        verbose_name_plural = _("motions")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "business_unit", "name"], name="motion_name_once"),
            models.CheckConstraint(
                condition=Q(goal_window_days__gte=1, goal_window_days__lte=730), name="motion_window"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Definition(KeyedTenantModel):
    """A business unit's scoring model for one motion, at person or account level."""

    business_unit = TenantForeignKey(
        "tenants.BusinessUnit", on_delete=models.PROTECT, related_name="+", verbose_name=_("owned by")
    )
    motion = TenantForeignKey(
        Motion, on_delete=models.PROTECT, related_name="definitions", verbose_name=_("motion")
    )
    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(
        _("description"), blank=True, help_text=_("Reps read this on the lead page.")
    )
    level = models.SmallIntegerField(_("scores"), choices=Level.choices, default=Level.ACCOUNT)
    created_at = models.DateTimeField(_("created"), editable=False)
    archived_at = models.DateTimeField(_("archived"), null=True, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("definition")
        verbose_name_plural = _("definitions")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "business_unit", "name"], name="definition_name_once")
        ]

    def __str__(self) -> str:
        return self.name


class Version(KeyedTenantModel):
    """One edition of a definition. Points and thresholds are integer hundredths."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        REVIEW = "review", _("In review")
        TESTING = "testing", _("Testing")
        LIVE = "live", _("Live")
        ARCHIVED = "archived", _("Archived")

    owned_through = "definition"

    definition = TenantForeignKey(Definition, on_delete=models.CASCADE, related_name="versions")
    number = models.IntegerField(_("version"))
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.DRAFT)
    enter_threshold = models.IntegerField(_("becomes a PQL at"), default=5000)
    exit_threshold = models.IntegerField(_("stays one down to"), default=5000)
    requalify_after_days = models.IntegerField(
        _("can qualify again after (days)"),
        default=30,
        help_text=_("Counted from the day it stopped being a PQL."),
    )
    closure = models.JSONField(
        null=True,
        editable=False,
        help_text="The frozen spec (scoring.rules.spec) with pinned action versions and zone.",
    )
    created_at = models.DateTimeField(_("created"), editable=False)
    revision = models.IntegerField(
        default=0, editable=False, help_text="Saves of this draft so far. Who saves says which one they saw."
    )
    published_at = models.DateTimeField(_("published"), null=True, editable=False)
    published_by_id = models.UUIDField(null=True, editable=False)
    archived_at = models.DateTimeField(_("archived"), null=True, editable=False)
    scored_through = models.BigIntegerField(
        null=True,
        editable=False,
        help_text="Subject id up to which the first full scoring has come; null before.",
    )
    first_scored_at = models.DateTimeField(null=True, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "definition", "number"], name="version_number_once"),
            models.UniqueConstraint(
                fields=["tenant", "definition"], condition=Q(state="live"), name="version_one_live"
            ),
            models.UniqueConstraint(
                fields=["tenant", "definition"], condition=Q(state="draft"), name="version_one_draft"
            ),
            models.CheckConstraint(
                condition=Q(exit_threshold__lte=F("enter_threshold")), name="version_exit_below_enter"
            ),
            models.CheckConstraint(
                condition=Q(state="draft", closure__isnull=True)
                | (~Q(state="draft") & Q(closure__isnull=False)),
                name="version_frozen_iff_not_draft",
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.number}"

    @property
    def edition(self) -> str:
        """Which save of which draft this is. Forms carry it, so that nobody saves over what they have not seen."""
        return f"{self.pk}:{self.revision}"


class DraftSave(TenantModel):
    """Who saved a draft when, and what that changed in words: for whoever had it open at the same time."""

    id = models.BigAutoField(primary_key=True)
    version = TenantForeignKey(Version, on_delete=models.CASCADE, related_name="saves")
    revision = models.IntegerField()
    saved_at = models.DateTimeField()
    saved_by_id = models.UUIDField(null=True)
    changes = models.JSONField(default=list)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "version", "revision"], name="draft_save_once")
        ]


class Signal(KeyedTenantModel):
    """A test that gives points: over an action in a window, or over a trait."""

    class Kind(models.TextChoices):
        COUNT = "count", _("Count")
        DISTINCT_DAYS = "distinct_days", _("Different days")
        MILESTONE = "milestone", _("Ever happened")
        RECENCY = "recency", _("Happened lately")
        SUM = "sum", _("Sum of a number")
        MAX = "max", _("Greatest number")
        TRAIT = "trait", _("Trait")
        USAGE = "usage", _("Usage of a limit")
        RULE = "rule", _("Rule of signals")

    class RuleMode(models.TextChoices):
        ALL = "all", _("all of them")
        ANY = "any", _("any of them")
        AT_LEAST = "n_of", _("at least … of them")
        NONE = "none", _("none of them")

    class Window(models.TextChoices):
        DAYS = "days", _("last days")
        HOURS = "hours", _("last hours")
        EVER = "ever", _("ever")

    class TraitOperator(models.TextChoices):
        EQUALS = "eq", _("is")
        NOT_EQUALS = "ne", _("is not")
        ONE_OF = "in", _("is one of")
        CONTAINS = "contains", _("contains")
        AT_LEAST = "gte", _("is at least")
        AT_MOST = "lte", _("is at most")
        KNOWN = "known", _("is known")
        NEXT_DAYS = "next_days", _("is a day in the next … days")
        PAST_DAYS = "past_days", _("is a day in the last … days")
        IN_LIST = "in_list", _("is in the list")
        NOT_IN_LIST = "not_in_list", _("is not in the list")

    class PointsMode(models.TextChoices):
        FIXED = "fixed", _("once")
        PER_OCCURRENCE = "each", _("for each")

    owned_through = "version__definition"

    version = TenantForeignKey(Version, on_delete=models.CASCADE, related_name="signals")
    position = models.IntegerField(_("order"), default=0)
    name = models.CharField(_("name"), max_length=120, help_text=_("Reps see this as the reason."))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    action = TenantForeignKey(
        "ingestion.Action",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("action"),
    )
    window = models.CharField(_("window"), max_length=8, choices=Window.choices, default=Window.DAYS)
    window_length = models.IntegerField(_("how many"), null=True, blank=True)
    at_least = models.DecimalField(_("at least"), max_digits=20, decimal_places=4, null=True, blank=True)
    at_most = models.DecimalField(_("at most"), max_digits=20, decimal_places=4, null=True, blank=True)
    rule_mode = models.CharField(_("is true if"), max_length=8, choices=RuleMode.choices, blank=True)
    rule_members = models.JSONField(
        _("of"), default=list, blank=True, help_text="Names of signals of the version."
    )
    trait_name = models.CharField(_("trait"), max_length=200, blank=True)
    trait_operator = models.CharField(_("test"), max_length=16, choices=TraitOperator.choices, blank=True)
    trait_value = models.CharField(
        _("value"), max_length=500, blank=True, help_text=_("Several values: separate by commas.")
    )
    list = TenantForeignKey(
        "ingestion.List",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("list"),
    )
    builtin_list = models.CharField(
        max_length=32, blank=True, help_text="Code of a list that comes with the product, instead of one."
    )
    limit = TenantForeignKey(
        "ingestion.Limit",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("limit"),
    )
    only_hard = models.BooleanField(
        _("only where it blocks"),
        default=False,
        help_text=_("Plans on which the product goes on do not count."),
    )
    points = models.IntegerField(_("points"), default=1000)
    points_mode = models.CharField(
        _("given"), max_length=8, choices=PointsMode.choices, default=PointsMode.FIXED
    )
    points_cap = models.IntegerField(_("at most"), null=True, blank=True)
    is_required = models.BooleanField(
        _("required"), default=False, help_text=_("Without it nobody qualifies.")
    )
    is_excluding = models.BooleanField(_("excludes"), default=False, help_text=_("With it nobody qualifies."))

    class Meta(TenantModel.Meta):
        verbose_name = _("signal")
        verbose_name_plural = _("signals")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "version", "name"], name="signal_name_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["trait", "rule"], action__isnull=True, limit__isnull=True)
                | Q(kind="usage", action__isnull=True, limit__isnull=False)
                | (~Q(kind__in=["trait", "usage", "rule"]) & Q(action__isnull=False, limit__isnull=True)),
                name="signal_action_or_limit_by_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind="rule") & ~Q(rule_mode="") | ~Q(kind="rule") & Q(rule_mode=""),
                name="signal_rule_mode_iff_rule",
            ),
            models.CheckConstraint(
                condition=Q(window="ever", window_length__isnull=True) | Q(window_length__gte=1),
                name="signal_window",
            ),
            models.CheckConstraint(
                condition=(
                    Q(trait_operator__in=["in_list", "not_in_list"])
                    & (Q(list__isnull=False, builtin_list="") | (Q(list__isnull=True) & ~Q(builtin_list="")))
                )
                | (~Q(trait_operator__in=["in_list", "not_in_list"]) & Q(list__isnull=True, builtin_list="")),
                name="signal_list_iff_list_test",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def list_ref(self) -> str:
        """SignalSpec.list_ref; empty without a list."""
        return f"{BUILT_IN}{self.builtin_list}" if self.builtin_list else str(self.list_id or "")


class Band(KeyedTenantModel):
    """A name for a range of points, from `minimum` up to the next band. Those at or above the threshold are PQLs."""

    owned_through = "version__definition"

    version = TenantForeignKey(Version, on_delete=models.CASCADE, related_name="bands")
    name = models.CharField(_("name"), max_length=40)
    minimum = models.IntegerField(_("from"))

    class Meta(TenantModel.Meta):
        verbose_name = _("band")
        verbose_name_plural = _("bands")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "version", "name"], name="band_name_once"),
            models.UniqueConstraint(fields=["tenant", "version", "minimum"], name="band_minimum_once"),
        ]

    def __str__(self) -> str:
        return self.name
