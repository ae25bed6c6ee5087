"""docs/pages.md forgets no page: an address is photographed, or a reason says why not."""

from fnmatch import fnmatchcase

from tests.screenshots.addresses import NOT_PHOTOGRAPHED, page_names, reason_not_to
from tests.screenshots.gallery import ROOT_OF_DOCS, pictures_of
from tests.screenshots.pages import SHOTS

PHOTOGRAPHED = {shot.shows for shot in SHOTS if shot.shows}


def test_every_address_is_photographed_or_has_a_reason():
    assert {name for name in page_names() - PHOTOGRAPHED if reason_not_to(name) is None} == set()


def test_what_is_photographed_exists():
    assert PHOTOGRAPHED - page_names() == set()


def test_no_reason_is_left_over():
    names = page_names() - PHOTOGRAPHED

    assert {
        wanted for wanted in NOT_PHOTOGRAPHED if not any(fnmatchcase(name, wanted) for name in names)
    } <= {"metrics"}


def test_no_two_pages_share_a_picture():
    slugs = [shot.slug for shot in SHOTS]

    assert len(slugs) == len(set(slugs))


def test_the_gallery_shows_every_page_and_every_picture_is_there():
    text = (ROOT_OF_DOCS / "pages.md").read_text()
    wanted = {name for shot in SHOTS if shot.in_gallery for name in pictures_of(shot)}

    assert {name for name in wanted if f"images/{name}" not in text} == set()
    assert {name for name in wanted if not (ROOT_OF_DOCS / "images" / name).is_file()} == set()


def test_the_pictures_stay_small():
    sizes = sum(file.stat().st_size for file in (ROOT_OF_DOCS / "images").iterdir())

    assert sizes < 12_000_000
