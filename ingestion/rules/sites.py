"""Which sites people come from: search engines, networks, mail, assistants; and which only stand between two pages of
our own (log-in, payment). A small table: what is not in it is a referral from that host. Pure."""

import re

SEARCH, SOCIAL, MAIL, ASSISTANT, REFERRAL = "search", "social", "email", "ai assistant", "referral"

# By the name before the public suffix: google.co.uk is google.
_BY_NAME = {
    SEARCH: "google bing yahoo duckduckgo ecosia baidu yandex qwant startpage naver sogou seznam brave kagi mojeek",
    SOCIAL: "facebook instagram linkedin twitter reddit pinterest tiktok youtube quora threads vk xing medium"
    " mastodon bsky producthunt whatsapp telegram discord slack",
    ASSISTANT: "chatgpt openai perplexity claude deepseek mistral",
    MAIL: "protonmail proton gmx fastmail",
}
# By host, before the name: also for the hosts below it.
_BY_HOST = {
    "mail.google.com": ("gmail", MAIL),
    "mail.yahoo.com": ("yahoo mail", MAIL),
    "outlook.live.com": ("outlook", MAIL),
    "outlook.office.com": ("outlook", MAIL),
    "outlook.office365.com": ("outlook", MAIL),
    "mail.yandex.ru": ("yandex mail", MAIL),
    "gemini.google.com": ("gemini", ASSISTANT),
    "copilot.microsoft.com": ("copilot", ASSISTANT),
    "groups.google.com": ("google groups", SOCIAL),
    "news.ycombinator.com": ("hacker news", SOCIAL),
    "t.co": ("twitter", SOCIAL),
    "x.com": ("twitter", SOCIAL),
    "lnkd.in": ("linkedin", SOCIAL),
    "fb.com": ("facebook", SOCIAL),
    "fb.me": ("facebook", SOCIAL),
    "youtu.be": ("youtube", SOCIAL),
    "t.me": ("telegram", SOCIAL),
    "com.google.android.gm": ("gmail", MAIL),  # apps, as android-app:// names them
    "com.google.android.googlequicksearchbox": ("google", SEARCH),
    "com.linkedin.android": ("linkedin", SOCIAL),
}
_BETWEEN = (  # nobody comes from here: they log in, pay, and come back
    *("accounts.google.com", "login.microsoftonline.com", "login.live.com", "appleid.apple.com", "okta.com"),
    *("auth0.com", "onelogin.com", "checkout.stripe.com", "billing.stripe.com", "paypal.com", "paddle.com"),
    *("googleusercontent.com", "translate.goog", "localhost"),
)
_SITES = {name: (name, channel) for channel, names in _BY_NAME.items() for name in names.split()}
_SECOND_LEVEL = frozenset(("co", "com", "org", "net", "ac", "gov", "edu", "or", "ne", "go"))
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)+")


def host_of(address: object) -> str:
    """The host in a web address, without "www."; "" for what has none, an IP address, or no text."""
    if not isinstance(address, str) or not address:
        return ""
    text = address.partition("://")[2] or address
    text = re.split(r"[/?#\\]", text, maxsplit=1)[0].rpartition("@")[2].partition(":")[0]
    host = text.strip().strip(".").lower().removeprefix("www.")
    if len(host) > 253 or not _HOST.fullmatch(host) or host.rpartition(".")[2].isdigit():
        return ""
    return host


def own_name(host: str) -> str:
    """The host as far as one owner has it: acme.co.uk for app.acme.co.uk."""
    labels = host.split(".")
    is_second_level = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3:] if is_second_level else labels[-2:])


def is_between(host: str) -> bool:
    """Whether people only pass it on their way from one page of ours to another."""
    return any(host == each or host.endswith(f".{each}") for each in _BETWEEN)


def site_of(host: str) -> tuple[str, str]:
    """What the site is called, and its channel."""
    for known, site in _BY_HOST.items():
        if host == known or host.endswith(f".{known}"):
            return site
    return _SITES.get(own_name(host).partition(".")[0], (host, REFERRAL))


def channel_of_name(name: str) -> str:
    """The channel of a source as campaigns name it (google, linkedin.com); "" for one that is not in the table."""
    host = host_of(name)
    found = site_of(host)[1] if host else _SITES.get(name, ("", ""))[1]
    return "" if found == REFERRAL else found
