"""The physics of levels: published numbers, and the compiled loops against a plain twin."""

import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cellwarden.locate.propagation import (
    MATERIALS,
    PERMITTIVITY,
    crossed_walls,
    floor_loss_db,
    free_space_db,
    general_loss_db,
    loss_db,
    paths,
    permittivity,
    transmission,
    wall_loss_db,
)
from cellwarden.locate.site import Floor, Room, Sensor, Site, Wall


def twin(
    sensors: NDArray[np.float64],
    places: NDArray[np.float64],
    walls: NDArray[np.float64],
    kinds: NDArray[np.int64],
    count: int,
) -> NDArray[np.uint16]:
    """Every line against every wall, in numpy."""
    line = (places[None, :] - sensors[:, None])[:, :, None]  # (m, n, 1, 3)
    a = walls[None, None, :, 0:2] - sensors[:, None, None, :2]
    b = walls[None, None, :, 2:4] - sensors[:, None, None, :2]
    side_a = line[..., 0] * a[..., 1] - line[..., 1] * a[..., 0]
    side_b = line[..., 0] * b[..., 1] - line[..., 1] * b[..., 0]
    e = b - a
    with np.errstate(divide="ignore", invalid="ignore"):  # walls along the line, which do not count
        along = (a[..., 0] * e[..., 1] - a[..., 1] * e[..., 0]) / (line[..., 0] * e[..., 1] - line[..., 1] * e[..., 0])
        height = sensors[:, None, None, 2] + along * line[..., 2]
    hit = ((side_a >= 0) != (side_b >= 0)) & (along > 0) & (along < 1)
    hit &= (height >= walls[:, 4]) & (height < walls[:, 5])
    return np.stack([hit[..., kinds == kind].sum(axis=2) for kind in range(count)], axis=2).astype(np.uint16)


@pytest.mark.parametrize(
    ("size_m", "walls", "lines"), [(60.0, 400, 40), (3.0, 30, 30), (5000.0, 300, 30), (20.0, 1, 5)]
)
def test_walls_between_are_counted_as_by_testing_each(size_m: float, walls: int, lines: int) -> None:
    rng = np.random.default_rng(7)
    ends = rng.uniform(0, size_m, (walls, 4))
    ends[: walls // 2, 2] = ends[: walls // 2, 0]  # half of them along y, as most walls lie along an axis
    feet = rng.integers(0, 3, walls) * 3.0
    drawn = np.column_stack([ends, feet, feet + 3.0])
    kinds = rng.integers(0, 3, walls)
    sensors = rng.uniform(-0.2, 1.2, (lines, 3)) * [size_m, size_m, 9.0]
    places = rng.uniform(-0.2, 1.2, (lines + 3, 3)) * [size_m, size_m, 9.0]
    places[0] = sensors[0]  # a line without length crosses nothing
    places[1, :2] = sensors[0, :2]  # straight up
    places[2, 0] = sensors[0, 0]
    found = crossed_walls(sensors, places, drawn, kinds, 3)
    assert np.array_equal(found, twin(sensors, places, drawn, kinds, 3))
    assert found.sum() > 0 or walls == 1


def test_walls_on_the_edges_of_tiles_are_counted_once() -> None:
    """A grid of walls every four metres, as the tiles are, with lines between their middles."""
    at = np.arange(0.0, 41.0, 4.0)
    along_y = np.array([[x, 0.0, x, 40.0, 0.0, 3.0] for x in at])
    along_x = np.array([[0.0, y, 40.0, y, 0.0, 3.0] for y in at])
    walls = np.concatenate([along_y, along_x])
    places = np.array([[38.0, 37.0, 1.0]])
    found = crossed_walls(np.array([[2.0, 1.0, 1.0]]), places, walls, np.zeros(len(walls), dtype=np.int64), 1)
    assert found[0, 0, 0] == 18  # nine each way


def test_two_walls_that_meet_on_the_line_count_once() -> None:
    walls = np.array([[5.0, 0.0, 5.0, 2.0, 0.0, 3.0], [5.0, 2.0, 5.0, 4.0, 0.0, 3.0]])
    found = crossed_walls(
        np.array([[0.0, 2.0, 1.0]]), np.array([[9.0, 2.0, 1.0]]), walls, np.zeros(2, dtype=np.int64), 1
    )
    assert found[0, 0, 0] == 1


def test_floors_lose_what_the_multi_wall_model_says() -> None:
    """COST 231: L_f 18.3 dB for one; 2^(4/3 − 0.46) and 3^(5/4 − 0.46) times that for two and three."""
    assert floor_loss_db(np.array([0, 1, 2, 3], dtype=np.uint16)) == pytest.approx([0.0, 18.3, 33.52, 43.59], abs=0.01)


def test_free_space_is_that_of_the_textbook() -> None:
    """32.44 + 20 log10(d in km) + 20 log10(f in MHz)."""
    assert free_space_db(np.array([1000.0]), 900e6)[0] == pytest.approx(32.45 + 20 * np.log10(900), abs=0.01)


def test_the_general_model_lies_above_free_space_from_a_few_metres_on() -> None:
    """P.1238-11, office without line of sight: 29.53 + 24.6 log10(10) at 1 GHz."""
    assert general_loss_db(np.array([10.0]), 1e9)[0] == pytest.approx(54.13)
    distance = np.array([5.0, 10.0, 30.0])
    assert np.all(general_loss_db(distance, 1.8e9) > free_space_db(distance, 1.8e9))


def test_concrete_has_the_permittivity_of_the_recommendation() -> None:
    """P.2040-3 table 3: at 1 GHz 5.24 and 0.0462 S/m; 17.98 × 0.0462 = 0.831."""
    assert permittivity("concrete", 1e9) == pytest.approx(5.24 - 0.8307j, abs=1e-3)
    assert permittivity("glass", 2e9) == pytest.approx(6.31 - 17.98 * 0.0036 * 2**1.3394 / 2 * 1j, abs=1e-6)


@pytest.mark.parametrize("substance", sorted(PERMITTIVITY))
def test_a_slab_passes_no_more_than_it_receives(substance: str) -> None:
    thickness = np.linspace(0.0, 0.5, 200)
    for frequency in (0.7e9, 0.9e9, 1.8e9, 3.5e9):
        passed = np.abs(transmission(permittivity(substance, frequency), thickness, frequency))
        assert passed[0] == pytest.approx(1.0) and passed.max() <= 1 + 1e-12


def test_a_slab_without_loss_passes_all_at_half_a_wavelength_within_it() -> None:
    """And least at a quarter: |T| = 2√ε / (1 + ε) there, the textbook's quarter-wave plate."""
    root, frequency = 2.0, 1e9
    wave = 299_792_458.0 / frequency / root
    passed = np.abs(transmission(complex(root**2), np.array([wave / 2, wave / 4]), frequency))
    assert passed == pytest.approx([1.0, 2 * root / (1 + root**2)])


def test_a_thick_slab_loses_its_attenuation_and_what_its_two_faces_send_back() -> None:
    eta, frequency, thickness = permittivity("concrete", 5e9), 5e9, 1.0
    root = np.sqrt(eta)
    attenuation = 20 * np.log10(np.e) * 2 * np.pi * frequency / 299_792_458.0 * -root.imag * thickness
    faces = -20 * np.log10(abs(4 * root / (1 + root) ** 2))
    lost = -20 * np.log10(abs(transmission(eta, np.array([thickness]), frequency)[0]))
    assert lost == pytest.approx(attenuation + faces, abs=0.01)


def test_heavier_and_thicker_walls_lose_more_and_so_do_higher_frequencies() -> None:
    for light, heavy in (("plasterboard", "brick"), ("brick", "thick_brick"), ("thin_concrete", "concrete")):
        assert wall_loss_db(light, 0.9e9) < wall_loss_db(heavy, 0.9e9)
    for material in MATERIALS:
        assert 0 <= wall_loss_db(material, 0.9e9) <= wall_loss_db(material, 1.8e9) < 40


def test_walls_and_floors_add_to_free_space() -> None:
    floors = (Floor(0, "G", 0.0, 3.0), Floor(1, "1", 3.0, 3.0))
    walls = tuple(Wall(floor, (5.0, -9.0), (5.0, 9.0), "heavy") for floor in (0, 1))
    site = Site("s", floors, (), walls, (Sensor("A", (0.0, 0.0, 2.5)),))
    places = np.array([[4.0, 0.0, 2.5], [10.0, 0.0, 2.5], [10.0, 0.0, 3.5]])
    lines = paths(site, places)
    assert lines.walls[0, :, 0].tolist() == [0, 1, 1] and lines.floors[0].tolist() == [0, 0, 1]
    more = loss_db(site, places, 1.8e9)[0] - free_space_db(lines.distance_m, 1.8e9)[0]
    assert more == pytest.approx([0.0, 6.9, 6.9 + 18.3])


def test_a_site_without_walls_takes_the_general_model() -> None:
    site = Site(
        "s",
        (Floor(0, "G", 0.0, 3.0),),
        (Room("a", "room", 0, ((0, 0), (9, 0), (9, 9))),),
        (),
        (Sensor("A", (0, 0, 1)),),
    )
    assert loss_db(site, np.array([[8.0, 0.0, 1.0]]), 1e9)[0, 0] == pytest.approx(
        general_loss_db(np.array([8.0]), 1e9)[0]
    )


def test_the_table_of_walls_in_the_docs_is_what_is_computed() -> None:
    page = (Path(__file__).parents[2] / "docs" / "site.md").read_text("utf-8")
    told: dict[str, list[str]] = {}
    for row in re.findall(r"^\| (`.*)\|$", page, re.MULTILINE):
        names, _what, *levels = row.split("|")
        materials = re.findall(r"`(\w+)`", names)
        for at, material in enumerate(materials):
            columns = [re.findall(r"[\d.]+", level) for level in levels]
            told[material] = [column[at] for column in columns]
    assert set(told) == set(MATERIALS)
    for material, levels in told.items():
        for level, frequency in zip(levels, (0.9e9, 1.8e9), strict=True):
            assert float(level) == pytest.approx(wall_loss_db(material, frequency), abs=0.051), material
