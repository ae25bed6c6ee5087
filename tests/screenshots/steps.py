"""What has to happen before some pages can be looked at: by hand of the person shown, in the browser."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.template.loader import render_to_string
from django.urls import reverse

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.screenshots.walk import Walk

COMPANY = "Fresh Start"
PASSWORD = "a fresh start every morning"
WRONG_PASSWORDS = 11


def be_locked_out(walk: Walk) -> None:
    page = walk.window("")
    for _ in range(WRONG_PASSWORDS):
        walk.sign_in(page, "nobody@fresh-start.example", "not the password")


def ask_for_reset(walk: Walk) -> None:
    page = walk.window("")
    page.goto(reverse("account_reset_password"))
    page.fill("input[name=email]", walk.people["ravi"]["email"])
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**" + reverse("account_reset_password_done"))


def open_reset_link(walk: Walk) -> None:
    walk.window("").goto(walk.mailed_link("/password/reset/key/"))


def set_new_password(walk: Walk) -> None:
    page = walk.window("")
    walk.people["ravi"]["password"] = PASSWORD
    for name in ("password1", "password2"):
        page.fill(f"input[name={name}]", PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**" + reverse("account_reset_password_from_key_done"))


def open_company(walk: Walk) -> None:
    """The operator opens another company, whose first admin is the newcomer."""
    page = walk.window("operator")
    page.goto(reverse("admin:tenants_tenant_changelist"))
    before = page.get_by_role("link", name=COMPANY).count()
    walk.company = f"{COMPANY} {before + 1}" if before else COMPANY
    slug = walk.company.lower().replace(" ", "-")
    walk.people["newcomer"] = {"email": f"nina@{slug}.example", "password": PASSWORD}
    page.goto(reverse("admin:tenants_tenant_add"))
    page.fill("[name=name]", walk.company)
    page.fill("[name=slug]", slug)
    page.fill("[name=admin_email]", walk.people["newcomer"]["email"])
    walk.submit(page)


def open_invitation(walk: Walk) -> None:
    walk.window("newcomer").goto(walk.mailed_link("/join/"))


def join(walk: Walk) -> None:
    page = walk.window("newcomer")
    page.fill("[name=name]", "Nina Newcomer")
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=password_again]", PASSWORD)
    walk.submit(page)


def begin_second_factor(walk: Walk) -> None:
    """A password of five minutes ago is not enough."""
    page = walk.window("newcomer")
    page.goto(reverse("mfa_activate_totp"))
    if reverse("account_reauthenticate") not in page.url:
        page.goto(reverse("account_reauthenticate") + "?next=" + reverse("mfa_activate_totp"))


def confirm_password(walk: Walk) -> None:
    page = walk.window("newcomer")
    page.fill("[name=password]", PASSWORD)
    walk.submit(page)


def turn_on_second_factor(walk: Walk) -> None:
    page = walk.window("newcomer")
    walk.totp_secret = page.locator("#authenticator_secret").input_value()
    page.fill("[name=code]", _code(walk))
    walk.submit(page)


def _code(walk: Walk) -> str:
    return format_hotp_value(hotp_value(walk.totp_secret, int(time.time()) // 30))


def sign_in_with_second_factor(walk: Walk) -> None:
    walk.sign_in(walk.window(""), walk.people["newcomer"]["email"], PASSWORD)


def suspend(walk: Walk) -> None:
    page = walk.window("operator")
    page.goto(reverse("admin:tenants_tenant_changelist"))
    page.get_by_role("link", name=walk.company, exact=True).click()
    page.locator("button[value=suspend]").click()


def narrow_to_unit(walk: Walk) -> None:
    _choose_unit(walk.window("ada"), "Boards")


def show_all_units(walk: Walk) -> None:
    _choose_unit(walk.window("ada"), "")


def _choose_unit(page: Page, name: str) -> None:
    page.goto("/")
    choices = page.locator("#pq-switch-unit option")
    wanted = next(one for one in choices.all() if name == "" or name in (one.text_content() or ""))
    with page.expect_navigation():
        page.select_option("#pq-switch-unit", wanted.get_attribute("value"))


def begin_draft(walk: Walk) -> None:
    """A draft of a definition that is live, with its preview counted."""
    page = walk.window("ada")
    page.goto(reverse("admin:scoring_definition_changelist"))
    page.get_by_role("link", name="Team ready to buy").first.click()
    page.locator("main, #main").get_by_role("button", name="Change it").or_(
        page.get_by_role("link", name="Edit the draft")
    ).first.click()
    page.wait_for_load_state("networkidle")
    first = page.locator(".pq-signal-points input").first
    first.fill(str(int(float(first.input_value())) + 15))
    page.wait_for_timeout(1_000)  # the preview asks a moment after the last key
    page.wait_for_load_state("networkidle")


def change_points(walk: Walk) -> None:
    """The change of the picture before, on its way to being live."""
    page = walk.window("ada")
    page.locator("button[value=publish]").click()
    page.wait_for_url("**/publish/")


def run_replay(walk: Walk) -> None:
    page = walk.window("ada")
    page.goto(reverse("admin:scoring_replayrun_add"))
    walk.submit(page)
    page.locator("#replay:not([hx-get])").wait_for(timeout=180_000)  # it asks for itself until it is done


def make_destination(walk: Walk) -> None:
    page = walk.window("ada")
    page.goto(reverse("admin:delivery_destination_add"))
    page.fill("[name=name]", "Data warehouse")
    page.select_option("[name=business_unit]", index=1)
    page.fill("[name=url]", "https://hooks.example.com/pql")
    walk.submit(page)


def make_enrichment(walk: Walk) -> None:
    page = walk.window("eli")
    page.goto(reverse("admin:ingestion_enrichment_add"))
    page.fill("[name=name]", "Company data")
    page.fill("[name=url]", "https://api.example.com/companies?domain={domain}")
    page.fill("[name=header_name]", "Authorization")
    page.fill("[name=secret]", "Bearer an-example")
    page.fill("[name=mapping]", "company.employees = employees\ncompany.industry = industry")
    walk.submit(page)


def make_crm(walk: Walk) -> None:
    page = walk.window("eli")
    page.goto(reverse("admin:ingestion_crmconnection_add"))
    page.fill("[name=name]", "HubSpot companies")
    page.fill("[name=secret]", "pat-an-example")
    page.fill(
        "[name=mapping]", "numberofemployees = employees\nindustry = industry\nlifecyclestage = crm_stage"
    )
    walk.submit(page)


def make_list(walk: Walk) -> None:
    """Target accounts, of which one is no target for long."""
    page = walk.window("ada")
    page.goto(reverse("admin:ingestion_list_add"))
    page.fill("[name=name]", "Target accounts")
    page.select_option("[name=business_unit]", index=1)
    walk.submit(page)
    soon = datetime.now(UTC) + timedelta(days=10)
    page.fill(
        "[name=text]",
        f"initech.example,From the fair,{soon:%Y-%m-%d}\nbücher.example\nacme.example,Key account",
    )
    page.locator("#upload button[type=submit]").click()
    page.wait_for_load_state("networkidle")


def open_hot_account(walk: Walk) -> None:
    page = walk.window("ada")
    page.goto(reverse("admin:ingestion_account_changelist"))
    page.locator("tr", has=page.locator("text=/Team ready to buy \\d+ hot/")).get_by_role(
        "link"
    ).first.click()
    page.wait_for_load_state("networkidle")


def explain(walk: Walk) -> None:
    """How the account of the picture before stood yesterday."""
    page = walk.window("ada")
    page.locator("#explain select").select_option(label="Team ready to buy")
    page.locator("#explain input[type=date]").fill(f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}")
    page.get_by_role("button", name="Explain", exact=True).click()
    page.locator(".pq-explain").wait_for()


def open_a_joined_person(walk: Walk) -> None:
    """The first in the list who was seen under more than one id."""
    page = walk.window("ada")
    page.goto(reverse("admin:ingestion_person_changelist"))
    links = page.locator("td a[href*='/ingestion/person/']").evaluate_all("all => all.map(a => a.href)")
    for link in links:
        page.goto(link)
        if page.locator("a[href*='/undo/']").count():
            return


def send_a_bad_event(walk: Walk) -> None:
    """Something a product might send by mistake. It is read within seconds."""
    walk.send_event(userId="somebody", event="Report Shared", timestamp="yesterday at noon")
    walk.send_event(userId="somebody", event="Report Shared", properties="not an object")
    time.sleep(4)


def make_plan(walk: Walk) -> None:
    """From what arrives, published; then something that it does not have is sent."""
    page = walk.window("eli")
    page.goto(reverse("admin:ingestion_trackingplan_changelist"))
    if page.get_by_role("link", name="Web and mobile").count():
        return
    page.goto(reverse("admin:ingestion_trackingplan_add"))
    page.fill("[name=name]", "Web and mobile")
    for box in page.locator("[name=sources]").all():
        box.check()
    walk.submit(page)
    page.get_by_role("link", name="Review and publish").click()
    page.get_by_role("button", name="Publish now").click()
    walk.send_event(userId="somebody", event="Report Shared", properties={"with": "everybody"})
    time.sleep(4)


def open_plan(walk: Walk) -> None:
    page = walk.window("eli")
    page.goto(reverse("admin:ingestion_trackingplan_changelist"))
    page.get_by_role("link", name="Web and mobile").first.click()


def open_planned_event(walk: Walk) -> None:
    open_plan(walk)
    walk.window("eli").locator("td a[href*='/event/?kind=1']").first.click()


def change_plan(walk: Walk) -> None:
    """A draft that does something else with what departs."""
    page = walk.window("eli")
    open_plan(walk)
    page.get_by_role("link", name="Settings", exact=True).click()
    page.locator("[name=mode][value=flag]").check()
    page.get_by_role("button", name="Save in the draft").click()


def write_a_rule(walk: Walk) -> None:
    """Typed, with its preview, and not saved."""
    page = walk.window("eli")
    page.goto(reverse("admin:ingestion_exclusionrule_add"))
    page.select_option("[name=kind]", "person_trait")
    page.fill("[name=value]", "role = admin")
    page.locator("#reach .pq-score").wait_for()


def upload_history(walk: Walk) -> None:
    """Three months of exports from another tool, with a few rows that are wrong."""
    first = datetime.now(UTC) - timedelta(days=120)
    rows = ["user_id,account_id,occurred_at,event,format,rows"]
    for n in range(400):
        moment = first + timedelta(hours=5 * n)
        rows.append(f"legacy-{n % 40},legacy-co-{n % 9},{moment:%Y-%m-%d %H:%M},Report Exported,csv,{n * 7}")
    rows += [
        "legacy-4,legacy-co-1,2026-01-05 09:00,Report Exported",
        ",legacy-co-1,2026-01-04 10:00,Report Exported,csv,12",
        "legacy-3,legacy-co-1,yesterday,Report Exported,pdf,5",
    ]
    page = walk.window("eli")
    page.goto(reverse("admin:ingestion_importrun_add"))
    file = {"name": "exports-of-the-old-tool.csv", "mimeType": "text/csv", "buffer": "\n".join(rows).encode()}
    page.set_input_files("[name=file]", [file])  # type: ignore[list-item]
    walk.submit(page)


def check_history(walk: Walk) -> None:
    page = walk.window("eli")
    page.get_by_role("button", name="Check the whole file").click()
    page.locator("#check:not([hx-get])").wait_for(timeout=60_000)


def import_history(walk: Walk) -> None:
    page = walk.window("eli")
    page.locator("#check button[value=import]").click()
    page.locator("#import-run:not([hx-get])").wait_for(timeout=60_000)


def make_source(walk: Walk) -> None:
    page = walk.window("eli")
    page.goto(reverse("admin:tenants_source_add"))
    page.fill("[name=name]", "Mobile app")
    walk.submit(page)


def open_keys(walk: Walk) -> None:
    page = walk.window("eli")
    page.goto(reverse("admin:tenants_source_changelist"))
    page.get_by_role("link", name="Mobile app").click()
    page.get_by_role("link", name="Keys and snippets").first.click()


def make_token(walk: Walk) -> None:
    page = walk.window("ada")
    page.goto(reverse("admin:tenants_apitoken_add"))
    page.fill("[name=name]", "Nightly export")
    page.select_option("[name=business_unit]", index=1)
    page.locator("[name=scopes]").first.check()
    walk.submit(page)


def invite(walk: Walk) -> None:
    page = walk.window("ada")
    page.goto(reverse("admin:tenants_invitation_add"))
    page.fill("[name=email]", "rene@northwind.example")
    page.select_option("[name=business_unit]", index=1)
    page.select_option("[name=role]", "read_only")
    walk.submit(page)


def open_user_menu(walk: Walk) -> None:
    page = walk.window("ada")
    page.goto("/")
    page.locator(".pq-user").click()


def show_server_error(walk: Walk) -> None:
    """The page itself: nothing in the console is broken enough to show it."""
    page = walk.window("")
    page.route(
        "**/an-error",
        lambda route: route.fulfill(body=render_to_string("500.html"), content_type="text/html"),
    )
    page.goto("/an-error")


def secret_in(text: str) -> str:
    """The first line of a mail that is an address."""
    return re.findall(r"https?://\S+", text)[0]


def share_device(walk: Walk) -> None:
    """The tablet at the reception: a dozen visitors sign in on it; and a log-in that a showroom uses."""
    for number in range(12):
        walk.send_event(userId=f"visitor-{number}", anonymousId="reception-tablet", event="Signed In")
    page = walk.window("eli")
    page.goto(reverse("admin:ingestion_identityrule_add"))
    page.fill("[name=value]", "showroom-display")
    page.fill("[name=note]", "The display in the showroom")
    walk.submit(page)
    time.sleep(4)


def open_environment(walk: Walk) -> None:
    page = walk.window("eli")
    page.goto(reverse("admin:tenants_source_changelist"))
    page.locator("#result_list tbody a").first.click()
    page.get_by_role("link", name="Change environment").first.click()
    page.wait_for_load_state()


def make_sample(walk: Walk) -> None:
    page = walk.window("ada")
    page.goto(reverse("admin:pqlhub_sample"))
    page.get_by_role("button", name="Try it with sample data").click()
    page.get_by_role("link", name="Remove sample data").wait_for()


def open_sample(walk: Walk) -> None:
    """Once the worker has lived through its history."""
    page = walk.window("ada")
    page.goto(reverse("admin:pqlhub_sample"))
    page.get_by_role("button", name="Open the sample data").click(timeout=180_000)
    page.get_by_role("button", name="Back to").wait_for()
