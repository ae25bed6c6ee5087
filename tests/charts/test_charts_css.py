"""The stylesheet: enough contrast, apart for colour-blind eyes, nothing missing in either theme."""

import ast
import itertools
import re
import sys
from pathlib import Path

import pytest

from charts import draw
from charts.marks import COLOURS
from tests.charts.reading import charts_over, parse

CHARTS = Path(__file__).parents[2] / "charts"
CSS = (CHARTS / "static/charts/charts.css").read_text()
BACKGROUNDS = {":root": ["#ffffff", "#f9fafb"], ".dark": ["#101828", "#1e2939"]}
# Machado, Oliveira, Fernandes (2009): A Physiologically-based Model for Simulation of Color Vision Deficiency,
# severity 1.0, for linear RGB.
SIGHTS = {
    "full": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}  # fmt: skip


def variables(theme: str) -> dict[str, str]:
    """Name and colour of the theme's variables; of a console variable, the fallback."""
    block = CSS.split(f"\n{theme} {{", 1)[1].split("}", 1)[0]
    pairs = re.findall(r"--chart-([\w-]+):\s*(?:var\([\w-]+,\s*)?([^;)]+)\)?;", block)
    return dict(pairs)


def linear(colour: str) -> list[float]:
    parts = (int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5))
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio."""
    dark, light = sorted(
        0.2126 * red + 0.7152 * green + 0.0722 * blue for red, green, blue in (linear(one), linear(other))
    )
    return (light + 0.05) / (dark + 0.05)


def lab(colour: str, sight: str) -> tuple[float, float, float]:
    """CIE L*a*b* (D65) of a colour as the given sight perceives it."""
    source = linear(colour)
    red, green, blue = (
        min(1, max(0, sum(weight * part for weight, part in zip(row, source, strict=True))))
        for row in SIGHTS[sight]
    )
    xyz = (
        (0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047,
        0.2126729 * red + 0.7151522 * green + 0.0721750 * blue,
        (0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883,
    )
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("theme", BACKGROUNDS)
def test_series_stand_out_from_every_background(theme):
    named = variables(theme)
    for index, background in itertools.product(range(1, COLOURS + 1), BACKGROUNDS[theme]):
        assert contrast(named[str(index)], background) >= 3, (index, background)


@pytest.mark.parametrize("theme", BACKGROUNDS)
@pytest.mark.parametrize("sight", SIGHTS)
def test_series_stay_apart_for_every_sight(theme, sight):
    named = variables(theme)
    seen = {index: lab(named[str(index)], sight) for index in range(1, COLOURS + 1)}
    for one, other in itertools.combinations(seen, 2):
        distance = sum((a - b) ** 2 for a, b in zip(seen[one], seen[other], strict=True)) ** 0.5
        assert distance >= 15, (one, other)


@pytest.mark.parametrize("theme", BACKGROUNDS)
def test_texts_are_readable(theme):
    named = variables(theme)
    for name in ("strong", "text", "muted"):
        assert contrast(named[name], BACKGROUNDS[theme][0]) >= 4.5, name
    for tint in range(7):
        on = named["on-pale" if tint < 4 else "on-deep"]
        assert contrast(on, named[f"heat-{tint}"]) >= 4.5, tint


@pytest.mark.parametrize("theme", BACKGROUNDS)
def test_heat_grows_without_colour(theme):
    shades = [lab(variables(theme)[f"heat-{tint}"], "full")[0] for tint in range(7)]

    assert shades == sorted(shades, reverse=theme == ":root")


def test_both_themes_define_the_same_variables():
    assert variables(":root").keys() == variables(".dark").keys()


def test_every_variable_used_is_defined():
    assert set(re.findall(r"var\(--chart-([\w-]+)", CSS)) <= variables(":root").keys()


def test_every_class_that_paints_has_a_rule():
    styled = set(re.findall(r"\.(chart-[\w-]+)", CSS))
    for values in ([3.0, -1.0, 2.0] * 5, []):
        for name, chart in charts_over(values, href="/x").items():
            for item in parse(draw(chart)).iter():
                for class_ in item.get("class", "").split():
                    assert class_ in styled or class_ in ("chart-drawing", "chart-annotation"), (name, class_)


def test_charts_import_only_the_standard_library():
    for path in CHARTS.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            assert all(name.split(".")[0] in sys.stdlib_module_names for name in names), (path.name, names)
