"""Word lists of the simulated world. Plain data; order matters for determinism, so append only."""

from __future__ import annotations

from typing import NamedTuple

FIRST_NAMES = (
    "Anna", "Ben", "Clara", "David", "Emma", "Felix", "Grace", "Henry", "Isabel", "Jonas", "Karin",
    "Liam", "Maya", "Noah", "Olivia", "Pedro", "Quinn", "Rosa", "Samuel", "Tara", "Umar", "Vera",
    "Walter", "Ximena", "Yusuf", "Zoe", "Amélie", "Björn", "Chiara", "Diego", "Elif", "François",
    "Giulia", "Hannah", "Ivan", "Jana",
)  # fmt: skip
LAST_NAMES = (
    "Adler", "Bauer", "Carter", "Dubois", "Evans", "Fischer", "Garcia", "Hansen", "Ibrahim", "Jensen",
    "Keller", "Lopez", "Meyer", "Novak", "O'Brien", "Patel", "Quist", "Rossi", "Schmidt", "Taylor",
    "Ueda", "Visser", "Walsh", "Young", "Zimmer", "Brooks", "Costa", "Durand", "Ferrari", "Grant",
    "Howard", "Larsen",
)  # fmt: skip
COMPANY_FIRST = (
    "Alder", "Amber", "Atlas", "Beacon", "Birch", "Blue", "Bright", "Cedar", "Cobalt", "Copper", "Coral",
    "Crest", "Delta", "Ember", "Falcon", "Fern", "Garnet", "Golden", "Granite", "Harbor", "Hazel",
    "Helio", "Indigo", "Iron", "Ivory", "Juniper", "Lark", "Linden", "Lumen", "Maple", "Meridian",
    "Nimbus", "Nova", "Oak", "Onyx", "Orchid", "Pine", "Quartz", "Raven", "River", "Sable", "Sierra",
    "Silver", "Solar", "Stone", "Summit", "Tidal", "Vista",
)  # fmt: skip
COMPANY_SECOND = (
    "Analytics", "Apparel", "Arts", "Bakery", "Build", "Care", "Cloud", "Collective", "Consulting",
    "Craft", "Data", "Design", "Dynamics", "Energy", "Engineering", "Farms", "Finance", "Foods",
    "Freight", "Games", "Health", "Homes", "Institute", "Insurance", "Interactive", "Labs", "Learning",
    "Legal", "Logistics", "Media", "Medical", "Mobility", "Motors", "Networks", "Partners", "Pharma",
    "Press", "Print", "Realty", "Robotics", "Security", "Software", "Studio", "Supply", "Systems",
    "Travel", "Works",
)  # fmt: skip
# 48 x 47 combinations: the two lengths share no factor, so stepping through both gives each pair once.

INDUSTRIES = (
    ("Software", 22), ("Marketing agency", 14), ("Manufacturing", 12), ("Education", 9), ("Healthcare", 9),
    ("Financial services", 9), ("Retail", 10), ("Construction", 8), ("Non-profit", 7),
)  # fmt: skip
TITLES = (
    "Operations Manager", "Project Manager", "Software Engineer", "Designer", "Marketing Manager", "Analyst",
    "Product Manager", "Consultant", "Team Lead", "Assistant",
)  # fmt: skip
OWNER_TITLES = (
    "Head of Operations",
    "Founder",
    "Product Manager",
    "Project Manager",
    "CTO",
    "Team Lead",
    "COO",
)
FREE_MAIL = ("gmail.com", "outlook.com", "gmx.de", "yahoo.com")
INTERNAL_DOMAIN = "northwindboards.example"


class Country(NamedTuple):
    code: str
    zone: str  # IANA
    region: str  # EU or US: the two self-serve sales regions
    currency: str  # ISO 4217
    weight: int


COUNTRIES = (
    Country("DE", "Europe/Berlin", "EU", "EUR", 16), Country("FR", "Europe/Paris", "EU", "EUR", 9),
    Country("GB", "Europe/London", "EU", "GBP", 12), Country("NL", "Europe/Amsterdam", "EU", "EUR", 6),
    Country("ES", "Europe/Madrid", "EU", "EUR", 5), Country("US", "America/New_York", "US", "USD", 22),
    Country("US", "America/Chicago", "US", "USD", 13), Country("US", "America/Los_Angeles", "US", "USD", 17),
)  # fmt: skip


class SignupSource(NamedTuple):
    name: str
    weight: int
    referrer: str
    campaign: str | None  # UTM campaign on the first page view
    utm_source: str = ""
    utm_medium: str = ""


SIGNUP_SOURCES = (
    SignupSource("organic_search", 30, "https://www.google.com/", None),
    SignupSource("paid_search", 20, "https://www.google.com/", "boards-brand-search", "google", "cpc"),
    SignupSource("google_sign_in", 18, "", None),
    SignupSource("referral", 12, "https://news.ycombinator.com/", None),
    SignupSource("partner", 8, "https://partners.example/", "partner-marketplace", "marketplace", "partner"),
    SignupSource("social_ads", 12, "https://www.linkedin.com/", "q-team-planning", "linkedin", "cpc"),
)

_WEBKIT = "(KHTML, like Gecko)"
BROWSERS = (
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 {_WEBKIT} Chrome/126.0 Safari/537.36",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 {_WEBKIT} Version/17 Safari/605",
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 17 like Mac OS X) AppleWebKit/605.1.15 {_WEBKIT} Mobile Safari/604",
)
CRAWLERS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
)
HEADLESS = f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 {_WEBKIT} HeadlessChrome/126.0 Safari/537.36"
SCRIPTED = "python-requests/2.32.3"
