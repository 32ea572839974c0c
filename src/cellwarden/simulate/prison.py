"""Example sites: `python -m cellwarden.simulate.prison` draws them anew from their seeds.

```
        ┌────┬────┬────┬────┬──       ──┬────┐ ◄ outer wall, a window in each cell
        │ 02 │ 04 │ 06 │ 08 │           │ 20 │ ◄ partitions
  ┌─────┼─▬▬─┴─▬▬─┴─▬▬─┴─▬▬─┴──       ──┴─▬▬─┤ ◄ a steel door to each cell
  │stairs  ●      corridor     ●             │   ● sensors, here in the corridor
  ├─────┼─▬▬─┬─▬▬─┬─▬▬─┬─▬▬─┬──       ──┬─▬▬─┤
  │offic│ 01 │ 03 │ 05 │ 07 │           │ 19 │
  └─────┴────┴────┴────┴────┴──       ──┴────┘
```

Cells are 2.6 m wide. What a seed decides is what differs from block to block in any old prison: how deep cells are,
what partitions are made of, and where exactly sensors could be fixed.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cellwarden.locate.site import Floor, Room, Sensor, Site, Wall
from cellwarden.locate.site_write import to_toml

CELL_M = 2.6
DOOR_M = 0.9
WINDOW_M = 1.0
END_M = 5.2
"""Width of the office and the stairs at the head of a block."""
FLOOR_M = 3.0
SENSOR_M = 2.5
"""Height of a sensor above its floor."""
OUTSIDE_M = 30.0
"""How far the map goes beyond the prison's wall."""
PARTITIONS = ("concrete", "thick_brick", "brick")
BANDS = ("GSM 900", "GSM 1800")
FLOORS = ("Ground floor", "First floor", "Second floor")
PLACE = Path(__file__).parent / "sites"

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Block:
    """A block of cells along x: rows on both sides of a corridor, the same on each floor."""

    name: str
    corner_m: Point
    """The corner of least x and y, outside of the office."""
    row: int
    """Cells in a row."""
    depth_m: float
    corridor_m: float
    partition: str

    @property
    def length_m(self) -> float:
        return END_M + self.row * CELL_M

    @property
    def levels_m(self) -> tuple[float, float, float, float]:
        """y of the outer wall, both sides of the corridor, the other outer wall."""
        y = self.corner_m[1]
        low, high = y + self.depth_m, y + self.depth_m + self.corridor_m
        return y, low, high, high + self.depth_m


def remand_wing(seed: int = 1, places: str = "corridor") -> Site:
    """Three floors, 60 cells, 12 sensors, in the `corridor` or in the rows of `cells`."""
    rng = np.random.default_rng(seed)
    block = _drawn("A", (0.0, 0.0), 10, rng)
    rooms = [room for floor in range(3) for room in _rooms(block, floor)]
    walls = [wall for floor in range(3) for wall in _walls(block, floor)]
    sensors = [sensor for floor in range(3) for sensor in _sensors(block, floor, 4, places, rng)]
    return _site("Remand wing", rooms, walls, sensors, (-6.0, -12.0, block.length_m + 6.0, block.levels_m[3] + 6.0))


def large_prison(seed: int = 2) -> Site:
    """Five blocks of three floors beside one spine: 600 cells, 60 sensors."""
    rng = np.random.default_rng(seed)
    rooms: list[Room] = []
    walls: list[Wall] = []
    sensors: list[Sensor] = []
    blocks: list[_Block] = []
    y = 0.0
    for name in "ABCDE":
        blocks.append(_drawn(name, (0.0, y), 20, rng))
        y = blocks[-1].levels_m[3] + 14.0
    top = blocks[-1].levels_m[3]
    for floor in range(3):
        for block in blocks:
            rooms += _rooms(block, floor)
            walls += _walls(block, floor)
            sensors += _sensors(block, floor, 4, "corridor", rng)
        rooms.append(Room(f"Spine {floor}", "corridor", floor, _box(-4.0, 0.0, 0.0, top)))
        south, _east, north, west = _sides(-4.0, 0.0, 0.0, top)
        walls += [Wall(floor, a, b, "thick_concrete") for a, b in (south, north, west)]
        walls += [
            Wall(floor, (0.0, low), (0.0, high), "thick_concrete")
            for low, high in zip([b.levels_m[3] for b in blocks], [b.levels_m[0] for b in blocks[1:]], strict=False)
        ]
    return _site("Large prison", rooms, walls, sensors, (-16.0, -12.0, blocks[0].length_m + 12.0, top + 12.0))


def on_the_wall(site: Site) -> tuple[Sensor, ...]:
    """Eight sensors on the outer face of a yard's wall: at its corners and between them."""
    yard = np.array(next(room for room in site.rooms if room.kind == "yard").outline_m)
    (x0, y0), (x1, y1) = yard.min(axis=0) - 0.3, yard.max(axis=0) + 0.3
    middle = (x0 + x1) / 2, (y0 + y1) / 2
    spots = [(x, y) for x in (x0, middle[0], x1) for y in (y0, middle[1], y1) if (x, y) != middle]
    return tuple(Sensor(f"W{n}", (float(x), float(y), 2.8)) for n, (x, y) in enumerate(spots))


def _drawn(name: str, corner_m: Point, row: int, rng: np.random.Generator) -> _Block:
    depth_m, corridor_m = (round(float(rng.uniform(*span)), 1) for span in ((3.6, 4.2), (2.8, 3.6)))
    return _Block(name, corner_m, row, depth_m, corridor_m, str(rng.choice(PARTITIONS)))


def _site(
    name: str, rooms: list[Room], walls: list[Wall], sensors: list[Sensor], yard: tuple[float, float, float, float]
) -> Site:
    """Put a yard with its wall around what was built, and the world around the yard."""
    x0, y0, x1, y1 = yard
    rooms = [
        *rooms,
        Room("Yard", "yard", 0, _box(*yard)),
        Room("Outside", "outside", 0, _box(x0 - OUTSIDE_M, y0 - OUTSIDE_M, x1 + OUTSIDE_M, y1 + OUTSIDE_M)),
    ]
    walls = [*walls, *(Wall(0, a, b, "thick_concrete") for a, b in _sides(*yard))]
    floors = tuple(Floor(n, FLOORS[n], n * FLOOR_M, FLOOR_M) for n in range(3))
    return Site(name, floors, tuple(rooms), tuple(map(_rounded, walls)), tuple(sensors))


def _rounded(wall: Wall) -> Wall:
    """To the millimetre, as the file has it."""
    (x0, y0), (x1, y1) = wall.start_m, wall.end_m
    return replace(wall, start_m=(round(x0, 3), round(y0, 3)), end_m=(round(x1, 3), round(y1, 3)))


def _rooms(block: _Block, floor: int) -> list[Room]:
    """Cells with odd numbers on the side of low y, even ones opposite, as streets have them."""
    x, (y0, y1, y2, y3) = block.corner_m[0], block.levels_m
    first = x + END_M
    rooms = [
        Room(f"{block.name}-{floor} office", "office", floor, _box(x, y0, first, y1)),
        Room(f"{block.name}-{floor} stairs", "room", floor, _box(x, y2, first, y3)),
        Room(f"{block.name}-{floor} corridor", "corridor", floor, _box(x, y1, x + block.length_m, y2)),
    ]
    for n in range(block.row):
        left, right = first + n * CELL_M, first + (n + 1) * CELL_M
        rooms.append(Room(f"{block.name}-{floor}{2 * n + 1:02}", "cell", floor, _box(left, y0, right, y1)))
        rooms.append(Room(f"{block.name}-{floor}{2 * n + 2:02}", "cell", floor, _box(left, y2, right, y3)))
    return rooms


def _walls(block: _Block, floor: int) -> list[Wall]:
    """Each wall once, with doors and windows as pieces of their own."""
    x, (y0, y1, y2, y3) = block.corner_m[0], block.levels_m
    end, first = x + block.length_m, x + END_M
    middles = [first + (n + 0.5) * CELL_M for n in range(block.row)]
    walls = [Wall(floor, (first, low), (first, high), block.partition) for low, high in ((y0, y1), (y2, y3))]
    for n in range(1, block.row):
        at = first + n * CELL_M
        walls += [Wall(floor, (at, low), (at, high), block.partition) for low, high in ((y0, y1), (y2, y3))]
    for y in (y0, y3):
        walls += _pierced(floor, (x, end), y, "thick_concrete", [x + END_M / 2, *middles], WINDOW_M, "glass")
    for y in (y1, y2):
        walls += _pierced(floor, (x, end), y, "concrete", [x + END_M / 2, *middles], DOOR_M, "steel")
    walls += [Wall(floor, (end, y0), (end, y3), "thick_concrete")]
    walls += [Wall(floor, (x, low), (x, high), "thick_concrete") for low, high in ((y0, y1), (y2, y3))]
    walls += [Wall(floor, (x, y1), (x, y2), "steel")]
    return walls


def _pierced(
    floor: int, span_m: Point, y_m: float, material: str, middles_m: list[float], width_m: float, filling: str
) -> list[Wall]:
    """A wall along x with doors or windows in it."""
    walls = []
    at = span_m[0]
    for middle in middles_m:
        left, right = middle - width_m / 2, middle + width_m / 2
        walls += [Wall(floor, (at, y_m), (left, y_m), material), Wall(floor, (left, y_m), (right, y_m), filling)]
        at = right
    return [*walls, Wall(floor, (at, y_m), (span_m[1], y_m), material)]


def _sensors(block: _Block, floor: int, count: int, places: str, rng: np.random.Generator) -> list[Sensor]:
    """Spread evenly over a floor: along the corridor on alternate sides, or in both rows of cells in turn."""
    y0, y1, y2, y3 = block.levels_m
    rows = {"corridor": (y1 + 0.3, y2 - 0.3), "cells": ((y0 + y1) / 2, (y2 + y3) / 2)}[places]
    sensors = []
    for n in range(count):
        along = (n + 0.5 + rng.uniform(-0.1, 0.1)) / count
        x = block.corner_m[0] + along * block.length_m
        y = rows[(n + floor) % 2]
        sensors.append(
            Sensor(
                f"{block.name}{floor}-S{n + 1}",
                (round(float(x), 2), round(float(y), 2), floor * FLOOR_M + SENSOR_M),
                bands=BANDS,
            )
        )
    return sensors


def _box(x0: float, y0: float, x1: float, y1: float) -> tuple[Point, ...]:
    return tuple((round(x, 3), round(y, 3)) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1)))


def _sides(x0: float, y0: float, x1: float, y1: float) -> list[tuple[Point, Point]]:
    """South, east, north and west."""
    corners = _box(x0, y0, x1, y1)
    return [(corners[n], corners[(n + 1) % 4]) for n in range(4)]


def main() -> None:
    """Write the example sites to their place in the package."""
    PLACE.mkdir(exist_ok=True)
    for name, site in (("remand-wing", remand_wing()), ("large-prison", large_prison())):
        (PLACE / f"{name}.toml").write_text(to_toml(site), encoding="utf-8")


if __name__ == "__main__":
    main()
