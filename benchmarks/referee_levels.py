"""Levels in the example wing by a ray tracer that nobody here wrote: `python -m benchmarks.referee_levels`.

Sionna RT (J. Hoydis and others, arXiv:2303.11103; NVIDIA, Apache-2.0) shoots rays from each sensor through the wing as
`simulate.prison` draws it: walls and floors are slabs with the permittivities of ITU-R P.2040 that Sionna has itself,
steel doors are metal, windows glass. Rays are reflected, pass through, and bend round edges once. Around each phone
stand three squares at right angles; the mean of what they catch is the mean power there. Of
`locate.propagation` there is nothing in it but how thick walls are. Rays are drawn at random: between four runs of
other seeds levels differed by 1.8 dB (standard deviation of one; 0.3 dB at -65 dB, 0.8 dB at -75 dB, 1.9 dB at -85 dB,
3.6 dB at -95 dB, more below). With the mean power of the four instead of one run errors of places were the same within
their chance (2.9 and 2.2 m instead of 3.0 and 2.2 m).

It needs `pip install cellwarden[referee]` and libLLVM 16 or newer (Debian: `apt install libllvm19`, and
DRJIT_LIBLLVM_PATH where it is not found), and five minutes for each layout of sensors on one core. What it
finds is kept in `benchmarks/material/referee.npz`, so that `benchmarks.referee` needs neither.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellwarden.locate.propagation import MATERIALS, Slab
from cellwarden.locate.site import Room, Site
from cellwarden.simulate.levels import place_in
from cellwarden.simulate.prison import remand_wing

PLACE = Path(__file__).parent / "material" / "referee.npz"
FREQUENCY_HZ = 1e9
"""P.2040 tells of concrete and brick from 1 GHz up, and Sionna keeps to that."""
SENSORS = ("corridor", "cells")
FLOOR_M = 3.0
SURVEYOR_M = 1.0
PHONES = 20
"""In each cell."""
SEED = 16
SQUARE_M = 0.6
"""As near as phones lie to walls, twice."""
RAYS = 1_500_000
"""From each sensor."""
DEPTH = 10
"""Walls that a ray may meet."""
CEILING_M = 0.2
DOOR_M = 0.002

Floats = NDArray[np.float64]


def places(site: Site) -> tuple[Floats, Floats]:
    """Where the surveyor stands, one place a cell, and where phones lie: shapes (c, 3) and (c, PHONES, 3)."""
    rng = np.random.default_rng(SEED)
    cells = [room for room in site.rooms if room.kind == "cell"]
    surveyed = np.array([(*np.mean(one.outline_m, axis=0), FLOOR_M * one.floor + SURVEYOR_M) for one in cells])
    phones = [[place_in(one, FLOOR_M * one.floor, rng) for _ in range(PHONES)] for one in cells]
    return surveyed, np.array(phones)


def plates(site: Site) -> dict[str, list[Floats]]:
    """The four corners of each wall and floor, shape (4, 3), by material."""
    bases = {floor.number: (floor.base_m, floor.base_m + floor.height_m) for floor in site.floors}
    made: dict[str, list[Floats]] = {}
    for wall in site.walls:
        low, high = bases[wall.floor]
        a, b = wall.start_m, wall.end_m
        made.setdefault(wall.material, []).append(np.array([(*a, low), (*b, low), (*b, high), (*a, high)]))
    built = [point for room in site.rooms if _under_roof(room) for point in room.outline_m]
    (x0, y0), (x1, y1) = np.min(built, axis=0), np.max(built, axis=0)
    for z in sorted({z for span in bases.values() for z in span}):
        made.setdefault("floor", []).append(np.array([(x0, y0, z), (x1, y0, z), (x1, y1, z), (x0, y1, z)]))
    return made


def _under_roof(room: Room) -> bool:
    return room.kind not in ("yard", "outside")


def path_gain_db(site: Site, places_m: Floats, rays: int) -> Floats:
    """Mean path gain between sensors and places, shape (n, 3): float64, shape (m, n), -inf where no ray came."""
    import mitsuba as mi
    from sionna import rt

    scene = rt.load_scene()
    scene.frequency = FREQUENCY_HZ
    array = rt.PlanarArray(num_rows=1, num_cols=1, pattern="iso", polarization="V")
    scene.tx_array = scene.rx_array = array
    with tempfile.TemporaryDirectory() as folder:
        objects = []
        for name, corners in plates(site).items():
            path = Path(folder) / f"{name}.ply"
            _write_ply(path, np.array(corners))
            objects.append(rt.SceneObject(fname=str(path), name=name, radio_material=_material(rt, name)))
        scene.edit(add=objects)
        catch = Path(folder) / "catch.ply"
        _write_ply(catch, _squares(places_m))
        surface = mi.load_dict({"type": "ply", "filename": str(catch), "face_normals": True})
        found = []
        for sensor in site.sensors:
            scene.add(rt.Transmitter("sensor", position=list(sensor.place_m)))
            solved = rt.RadioMapSolver()(
                scene, measurement_surface=surface, samples_per_tx=rays, max_depth=DEPTH, diffraction=True,
                edge_diffraction=False, seed=SEED,
            )  # fmt: skip
            gain = np.array(solved.path_gain, np.float64).reshape(len(places_m), -1)
            found.append(gain.mean(axis=1))
            scene.remove("sensor")
            print(sensor.name, flush=True)
    with np.errstate(divide="ignore"):
        return 10 * np.log10(np.array(found))


def _material(rt: Any, name: str) -> Any:
    """Sionna's own material for one of ours."""
    kind = Slab("concrete", CEILING_M) if name == "floor" else MATERIALS[name]
    if not isinstance(kind, Slab):
        kind = Slab("metal", DOOR_M)
    return rt.ITURadioMaterial(f"{name}-material", itu_type=kind.substance, thickness=kind.thickness_m)


def _squares(places_m: Floats) -> Floats:
    """Corners of three squares at right angles about each place, shape (3 n, 4, 3)."""
    half = SQUARE_M / 2
    flat = np.array([(-half, -half), (half, -half), (half, half), (-half, half)])
    turned = [np.insert(flat, axis, 0.0, axis=1) for axis in range(3)]
    return np.asarray((places_m[:, None, None] + np.array(turned)).reshape(-1, 4, 3))


def _write_ply(path: Path, corners: Floats) -> None:
    """Rectangles, shape (n, 4, 3), as two triangles each."""
    halves = np.array([(0, 1, 2), (0, 2, 3)])
    faces = (4 * np.arange(len(corners))[:, None, None] + halves).reshape(-1, 3)
    head = f"ply\nformat ascii 1.0\nelement vertex {4 * len(corners)}\n"
    head += "property float x\nproperty float y\nproperty float z\n"
    head += f"element face {len(faces)}\nproperty list uchar int vertex_indices\nend_header\n"
    body = "".join(f"{x:.4f} {y:.4f} {z:.4f}\n" for x, y, z in corners.reshape(-1, 3))
    path.write_text(head + body + "".join(f"3 {a} {b} {c}\n" for a, b, c in faces), encoding="ascii")


def main() -> None:
    """Trace, and keep."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--rays", type=int, default=RAYS)
    asked.add_argument("-o", "--output", type=Path, default=PLACE)
    given = asked.parse_args()
    made: dict[str, NDArray[np.float16]] = {}
    for where in SENSORS:
        site = remand_wing(places=where)
        surveyed, phones = places(site)
        gain = path_gain_db(site, np.concatenate([surveyed, phones.reshape(-1, 3)]), given.rays)
        made[f"{where}_survey_db"] = gain[:, : len(surveyed)].astype(np.float16)
        made[f"{where}_phones_db"] = gain[:, len(surveyed) :].astype(np.float16)
        given.output.parent.mkdir(exist_ok=True)
        np.savez_compressed(given.output, **made)


if __name__ == "__main__":
    main()
