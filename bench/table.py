"""One line of the bench's table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A measured ratio beside its floor and goal."""

    name: str
    value: float
    floor: float
    goal: float
    detail: str
    lower_is_better: bool = False

    @property
    def verdict(self) -> str:
        def reached(limit: float) -> bool:
            return self.value <= limit if self.lower_is_better else self.value >= limit

        return "goal" if reached(self.goal) else "floor" if reached(self.floor) else "BELOW FLOOR"


def print_table(rows: list[Row]) -> None:
    width = max((len(row.name) for row in rows), default=0)
    print(f"{'what':{width}}  {'ratio':>8}  {'floor':>6}  {'goal':>6}  verdict      detail")
    for row in rows:
        print(
            f"{row.name:{width}}  {row.value:8.2f}  {row.floor:6.2f}  {row.goal:6.2f}  {row.verdict:11}  {row.detail}"
        )
