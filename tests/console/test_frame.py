"""What stands around every page: a way past the menu, the page's name, and the way back to its list."""

import re
from datetime import UTC, datetime

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils.formats import date_format

pytestmark = pytest.mark.django_db


def test_the_keyboard_gets_past_the_menu(client, alice):
    client.force_login(alice)

    page = client.get("/").content.decode()

    assert '<a class="pq-skip" href="#main">' in page
    assert '<main id="main" tabindex="-1"' in page


@pytest.mark.parametrize(
    ("name", "title", "place"),
    [
        ("admin:tenants_source_changelist", "Sources and keys", None),
        ("admin:tenants_source_add", "Add source", "Sources and keys"),
        ("admin:scoring_definition_templates", "Start from a template", "Definitions"),
    ],
)
def test_a_page_says_what_it_is_and_leads_back_to_its_list(client, alice, name, title, place):
    client.force_login(alice)

    page = client.get(reverse(name)).content.decode()

    assert re.search(rf"<h1>\s*{title}\s*</h1>", page)
    crumbs = re.search(r'<nav class="pq-crumbs".*?</nav>', page, re.DOTALL)
    assert (place in crumbs[0]) if place else crumbs is None


def test_there_is_one_page_to_change_a_password(client, alice):
    client.force_login(alice)

    assert client.get(reverse("admin:password_change")).url == reverse("account_change_password")


def test_a_room_has_no_page_of_its_own(client, alice):
    client.force_login(alice)

    assert client.get("/scoring/").url == reverse("admin:index")


def test_nothing_of_a_library_is_edited_here():
    apps = {model._meta.app_label for model in admin.site._registry}

    assert apps & {"auth", "account", "mfa", "django_celery_beat"} == set()


@pytest.mark.parametrize(("path", "status"), [("/no-such-page/", 404), ("/scoring/definition/", 403)])
def test_a_refused_page_leads_home(client, rita, path, status):
    client.force_login(rita)

    answer = client.get(path)

    assert answer.status_code == status
    assert 'href="/"' in answer.content.decode()


def test_times_are_short_and_read_the_same_everywhere():
    assert (
        date_format(datetime(2026, 7, 4, 18, 6, tzinfo=UTC), "SHORT_DATETIME_FORMAT") == "Jul 4, 2026 18:06"
    )
    assert date_format(datetime(2026, 7, 4, 18, 6, tzinfo=UTC), "DATETIME_FORMAT") == "Jul 4, 2026 18:06"
