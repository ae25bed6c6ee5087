"""Charts drawn on the server as accessible SVG. A pure leaf: any room may import it, it imports none.

A chart is a frozen dataclass; ``draw`` makes it an <svg>, ``data_table`` rows of text, ``figure`` both in a
<figure> that adapts to its room. The markup is escaped and marked safe for Django templates. Pages load
``charts/charts.css``, which owns every colour.

    >>> from charts import HorizontalBars, Row, draw, formats
    >>> chart = HorizontalBars(title="Why", rows=[Row("Invited a colleague", 20)])
    >>> draw(chart, width=358).startswith("<svg")
    True
"""

from . import formats
from .bands import ScoreBand
from .bars import Bar, BarChart, BarSeries, bar_chart
from .chart import MEDIUM, NARROW, WIDE, Chart, data_table, draw
from .cohorts import Cell, Cohort, CohortGrid, cohort_grid
from .figures import figure
from .funnels import Funnel, Stage, funnel
from .histograms import Bin, Histogram, Threshold, histogram
from .horizontal import HorizontalBars, Row, horizontal_bars
from .intervals import Interval, IntervalPlot, interval_plot
from .line import line_chart
from .notes import Annotation
from .plot import Reference
from .progress import ProgressBar, progress_bar
from .series import LineChart, Point, Series
from .spark import Sparkline, sparkline
from .step import Step, StepChart, step_chart
from .svg import Svg
from .words import use_translator

__all__ = [
    "MEDIUM", "NARROW", "WIDE", "Annotation", "Bar", "BarChart", "BarSeries", "Bin", "Cell", "Chart", "Cohort",
    "CohortGrid", "Funnel", "Histogram", "HorizontalBars", "Interval", "IntervalPlot", "LineChart", "Point",
    "ProgressBar", "Reference", "Row", "ScoreBand", "Series", "Sparkline", "Stage", "Step", "StepChart", "Svg",
    "Threshold", "bar_chart", "cohort_grid", "data_table", "draw", "figure", "formats", "funnel", "histogram",
    "horizontal_bars", "interval_plot", "line_chart", "progress_bar", "sparkline", "step_chart", "use_translator",
]  # fmt: skip
