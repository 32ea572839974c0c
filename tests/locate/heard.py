"""A small site, what is heard there of a phone, and the tables that tell it: the truth of the tests of `locate`."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cellwarden.locate.readings import Readings, Survey, survey_of
from cellwarden.locate.site import Floor, Room, Sensor, Site

Array = NDArray[np.float64]
FADING_DB = 4.0
CELL_M = np.array([(0.0, 0.0), (5.0, 0.0), (5.0, 5.0), (0.0, 5.0)])
ROOMS = tuple(
    Room(f"C{i}{j}", "cell", 0, tuple(map(tuple, (CELL_M + np.array([5.0 * i, 5.0 * j])).tolist())))
    for i in range(4)
    for j in range(3)
)
SITE = Site(
    "small",
    (Floor(0, "ground", 0.0, 3.0),),
    ROOMS,
    (),
    tuple(
        Sensor(f"S{n}", (x, y, 2.5)) for n, (x, y) in enumerate((x, y) for x in (1.0, 10.0, 19.0) for y in (1.0, 14.0))
    ),
)
FAINTEST_DBM = -95.0


def levels(place_m: Array) -> Array:
    """Mean level at each sensor, shape (n, s): exponent 3 and a wave of 3 dB that no formula knows."""
    at = np.array([sensor.place_m for sensor in SITE.sensors])
    distance = np.linalg.norm(place_m[:, None] - at, axis=2)
    phase = np.arange(len(at))
    wave = 3 * np.sin(place_m[:, :1] / 4 + phase) * np.cos(place_m[:, 1:2] / 4 - phase)
    return -40 - 30 * np.log10(np.maximum(distance, 0.5)) + wave


def surveyed(seed: int, each: int = 20) -> Survey:
    """A level of each sensor `each` times every 2.5 m."""
    rng = np.random.default_rng(seed)
    places = np.array([(x, y, 1.2) for x in np.arange(0, 20.1, 2.5) for y in np.arange(0, 15.1, 2.5)])
    row, sensor = (a.ravel() for a in np.indices((len(places), len(SITE.sensors))).repeat(each, axis=1))
    level = levels(places)[row, sensor] + rng.normal(0, FADING_DB, len(row))
    return survey_of(places, row, sensor, level, len(SITE.sensors))


def walked(seed: int, seconds: float = 60.0, power_db: float = 0.0) -> tuple[Readings, Array]:
    """A walk at 0.3 m/s around a corner, heard twice a second; and the true place of each reading."""
    rng = np.random.default_rng(seed)
    time = np.arange(0, seconds, 0.5)
    along = 0.3 * time
    place = np.column_stack((2 + np.minimum(along, 10), 3 + np.maximum(along - 10, 0), np.full(len(time), 1.2)))
    moment, sensor = (a.ravel() for a in np.indices((len(time), len(SITE.sensors))))
    level = levels(place)[moment, sensor] + power_db + rng.normal(0, FADING_DB, len(moment))
    return Readings(time[moment], sensor, level, 0.0, 0), place[moment]


def site_file(folder: Path) -> Path:
    """The site as a site.toml."""
    from cellwarden.locate.site_write import to_toml

    path = folder / "site.toml"
    path.write_text(to_toml(SITE), encoding="utf-8")
    return path


def readings_file(path: Path, readings: Readings) -> Path:
    """READINGS.csv, with a column that nobody may read."""
    rows = zip(readings.time_s, readings.sensor, readings.level_dbm, strict=True)
    lines = [f"{time:.3f},S{sensor},{level:.1f},secret\n" for time, sensor, level in rows]
    path.write_text("time_s,sensor,rssi_dbm,truth\n" + "".join(lines), encoding="utf-8")
    return path


def survey_file(path: Path, seed: int = 1) -> Path:
    """SURVEY.csv of the same site."""
    rng = np.random.default_rng(seed)
    places = np.array([(x, y, 1.2) for x in np.arange(0, 20.1, 2.5) for y in np.arange(0, 15.1, 2.5)])
    lines = ["x_m,y_m,z_m,sensor,rssi_dbm\n"]
    for place, row in zip(places, levels(places), strict=True):
        lines += [
            f"{place[0]},{place[1]},{place[2]},S{s},{level + rng.normal(0, FADING_DB):.0f}\n"
            for s, level in enumerate(row)
            for _ in range(5)
        ]
    path.write_text("".join(lines), encoding="utf-8")
    return path
