"""Marketing touches: what a message says about how somebody came. Pure.

A touch is *seen* when the message itself carries it: `context.campaign`, UTM parameters or click ids in the address of
the page, and where there is none of these, a referrer outside our own site. It is *told* when a trait or property
repeats what was seen some other time (utm_source, initial_utm_source …): products go on sending those for years, so a
told touch is dated by the first message that tells it, and is nobody's last touch while one was seen. Direct visits are
no touches: they overwrite nothing.

Somebody who moves on from the page they landed on still has its referrer: a referrer within a day after a campaign of
the same person is no touch of its own (see `counted`, and scoring.compiler.touches for the same in SQL).
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol, TypeVar
from urllib.parse import parse_qsl

from ingestion.rules.json_text import canonical_json
from ingestion.rules.sites import (
    ASSISTANT,
    MAIL,
    SEARCH,
    SOCIAL,
    channel_of_name,
    host_of,
    is_between,
    own_name,
    site_of,
)
from ingestion.rules.types import Kind, Message

SEEN, REFERRED, TOLD = 1, 2, 3
CARRIES_ON = timedelta(days=1)  # a referrer this long after a campaign is that campaign's
FACETS = ("channel", "source", "medium", "campaign", "term", "content", "referrer")
FIRST, LAST = "pqlhub.first_", "pqlhub.last_"
TOUCH_TRAITS = tuple(
    f"{which}{facet}" for which in (FIRST, LAST) for facet in FACETS
)  # what they are read as
LONGEST = 255
PAID_SEARCH, PAID_SOCIAL, DISPLAY, AFFILIATE, OTHER = (
    *("paid search", "paid social", "display", "affiliate", "other campaign"),
)
CHANNELS = (
    *(PAID_SEARCH, PAID_SOCIAL, DISPLAY, SEARCH, SOCIAL, MAIL, AFFILIATE, ASSISTANT, "referral", OTHER),
)
# click id: source and channel, where the campaign itself does not say. People share links with fbclid too.
_CLICKS = {
    "gclid": ("google", PAID_SEARCH),
    "gbraid": ("google", PAID_SEARCH),
    "wbraid": ("google", PAID_SEARCH),
    "dclid": ("google", DISPLAY),
    "msclkid": ("bing", PAID_SEARCH),
    "fbclid": ("facebook", SOCIAL),
    "li_fat_id": ("linkedin", PAID_SOCIAL),
    "ttclid": ("tiktok", PAID_SOCIAL),
}
_MARKS = ("utm_", *_CLICKS)
_UTM = {"source": "source", "medium": "medium", "campaign": "campaign", "term": "term", "content": "content"}
_PREFIXES = (*("utm_", "$utm_", "initial_utm_", "$initial_utm_", "first_utm_"),)
_TELLING = frozenset(f"{prefix}{name}" for prefix in _PREFIXES for name in ("source", "campaign"))
_CHANNEL_OF_MEDIUM = {
    MAIL: "email e-mail mail newsletter",
    AFFILIATE: "affiliate affiliates",
    DISPLAY: "display banner cpm interstitial programmatic",
    SOCIAL: "social social-media social_media social-network sm organic_social organic-social",
    SEARCH: "organic organic_search organic-search seo",
    PAID_SOCIAL: "paidsocial paid_social paid-social cpc_social social_paid",
    PAID_SEARCH: "paidsearch paid_search paid-search sem",
    "referral": "referral partner",
}
_BY_MEDIUM = {word: channel for channel, words in _CHANNEL_OF_MEDIUM.items() for word in words.split()}
_PAID_MEDIA = frozenset(("cpc", "ppc", "paid", "ads", "ad"))


class Touch(NamedTuple):
    """How somebody came. Texts are in small letters; "" where nobody said."""

    kind: int
    channel: str
    source: str = ""
    medium: str = ""
    campaign: str = ""
    term: str = ""
    content: str = ""
    referrer: str = ""

    @property
    def values(self) -> tuple[str, ...]:
        return self[1:]

    def once(self, ts: datetime) -> bytes:
        """The same for the same touch: what was seen counts once an hour, what is told once."""
        hour = "" if self.kind == TOLD else ts.strftime("%Y-%m-%dT%H")
        return hashlib.blake2b(canonical_json([self.kind, hour, *self.values]), digest_size=16).digest()


def touches_of(message: Message) -> list[Touch]:
    """What a message says about how its person came: at most what was seen, and what it tells."""
    about_person = message.traits if message.kind != Kind.GROUP else {}
    return touches_in(message.context, message.properties, about_person, is_page=message.kind == Kind.PAGE)


def touches_in(
    context: Mapping[str, Any],
    properties: Mapping[str, Any],
    traits: Mapping[str, Any],
    *,
    is_page: bool = False,
) -> list[Touch]:
    """As touches_of, of the parts of an event. A page may say its address and referrer as properties."""
    page = context.get("page")
    page = page if isinstance(page, dict) else properties if is_page else {}
    found = [seen] if (seen := _seen(context.get("campaign"), page)) is not None else []
    for holder in (properties, traits):
        if not _TELLING.isdisjoint(holder):
            found += [told for prefix in _PREFIXES if (told := _told(holder, prefix)) is not None]
    return found


class Dated(Protocol):
    """A stored touch."""

    kind: int
    ts: datetime
    message_id: str
    once: Any


SomeDated = TypeVar("SomeDated", bound=Dated)


def counted(touches: Iterable[SomeDated]) -> list[SomeDated]:
    """Those of one person that count, in the order in which they happened."""
    ordered = sorted(touches, key=lambda touch: (touch.ts, touch.message_id))
    campaigns = [touch.ts for touch in ordered if touch.kind == SEEN]
    return [
        touch
        for touch in ordered
        if touch.kind != REFERRED or not any(touch.ts - CARRIES_ON <= ts <= touch.ts for ts in campaigns)
    ]


def first_and_last(touches: Sequence[SomeDated]) -> tuple[SomeDated | None, SomeDated | None]:
    """Of touches that count. What is told is the last one only where nothing was seen."""

    def moment(touch: SomeDated) -> tuple[datetime, str, int, Any]:
        return touch.ts, touch.message_id, touch.kind, touch.once

    last = max(touches, key=lambda touch: (touch.kind != TOLD, *moment(touch)), default=None)
    return min(touches, key=moment, default=None), last


def _seen(campaign: Any, page: Mapping[str, Any]) -> Touch | None:
    said = campaign if isinstance(campaign, dict) else {}
    if not said and not page:
        return None
    query = _query(page)
    values = {
        "source": _text(said.get("source")) or query.get("utm_source", ""),
        "medium": _text(said.get("medium")) or query.get("utm_medium", ""),
        "campaign": _text(said.get("name")) or _text(said.get("campaign")) or query.get("utm_campaign", ""),
        "term": _text(said.get("term")) or query.get("utm_term", ""),
        "content": _text(said.get("content")) or query.get("utm_content", ""),
    }
    click = next((_CLICKS[name] for name in _CLICKS if query.get(name)), None)
    referrer = _referrer(page)
    if click or any(values.values()):
        return _campaign(SEEN, values, click, referrer)
    if not referrer:
        return None
    source, channel = site_of(referrer)
    return Touch(REFERRED, channel, source, referrer=referrer)


def _told(holder: Mapping[str, Any], prefix: str) -> Touch | None:
    values = {facet: _text(holder.get(f"{prefix}{name}")) for facet, name in _UTM.items()}
    return _campaign(TOLD, values, None, "") if values["source"] or values["campaign"] else None


def _campaign(kind: int, values: dict[str, str], click: tuple[str, str] | None, referrer: str) -> Touch:
    if not values["source"]:
        values["source"] = click[0] if click else site_of(referrer)[0] if referrer else ""
    return Touch(kind, _channel(values["source"], values["medium"], click), **values, referrer=referrer)


def _channel(source: str, medium: str, click: tuple[str, str] | None) -> str:
    of_source = channel_of_name(source)
    if medium in _PAID_MEDIA:
        if click and click[1] != SOCIAL:
            return click[1]
        return PAID_SOCIAL if of_source == SOCIAL else PAID_SEARCH if of_source == SEARCH else OTHER
    if medium in _BY_MEDIUM:
        return _BY_MEDIUM[medium]
    if click:
        return click[1]
    return of_source if of_source in (SOCIAL, MAIL, ASSISTANT) else OTHER


def _query(page: Mapping[str, Any]) -> dict[str, str]:
    """The parameters of the page's address that say how somebody came; the first of a name counts."""
    found: dict[str, str] = {}
    url, search = page.get("url"), page.get("search")
    for text in (url.partition("?")[2].partition("#")[0] if isinstance(url, str) else "", search):
        if not text or not isinstance(text, str) or not any(mark in text for mark in _MARKS):
            continue
        try:
            pairs = parse_qsl(text.removeprefix("?")[:8192], max_num_fields=200, errors="replace")
        except ValueError:  # hundreds of parameters: no advertisement's
            continue
        for name, value in pairs:
            if name.startswith(_MARKS) and name not in found:
                found[name] = _text(value)
    return found


def _referrer(page: Mapping[str, Any]) -> str:
    """The host somebody came from; "" when that is our own, or only stands between two pages of ours."""
    referrer, url = page.get("referrer"), page.get("url")
    if not referrer or _start(referrer) == _start(url):  # most are our own: told apart without reading them
        return ""
    host = host_of(referrer)
    if not host or is_between(host) or own_name(host) == own_name(host_of(url)):
        return ""
    return host


def _start(address: Any) -> list[str] | None:
    """https://host of a web address."""
    return address.split("/", 3)[:3] if isinstance(address, str) else None


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = str(value).strip().lower()
    return text[:LONGEST] if text.isprintable() else "".join(filter(str.isprintable, text))[:LONGEST]
