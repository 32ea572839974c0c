"""Sites as other programs would write them, to be imported."""

from pathlib import Path
from typing import Any

from cellwarden.locate.site import Site


def geojson(site: Site, *, origin: tuple[float, float] | None = None, offset: float = 0.0) -> dict[str, Any]:
    """A site in metres, or in degrees around an origin (longitude, latitude), on the sphere's plain formula."""

    def at(place: tuple[float, ...]) -> list[float]:
        if origin is None:
            return [place[0] + offset, place[1] + offset]
        import math

        north = 111_132.954 - 559.822 * math.cos(2 * math.radians(origin[1]))
        north += 1.175 * math.cos(4 * math.radians(origin[1]))
        east = 111_412.84 * math.cos(math.radians(origin[1])) - 93.5 * math.cos(3 * math.radians(origin[1]))
        return [origin[0] + place[0] / east, origin[1] + place[1] / north]

    bases = {floor.number: floor.base_m for floor in site.floors}
    features: list[dict[str, Any]] = []
    for room in site.rooms:
        ring = [at(p) for p in (*room.outline_m, room.outline_m[0])]
        features.append(_feature("Polygon", [ring], name=room.name, kind=room.kind, floor=room.floor))
    for wall in site.walls:
        ends = [at(wall.start_m), at(wall.end_m)]
        features.append(_feature("LineString", ends, material=wall.material, floor=wall.floor))
    for sensor in site.sensors:
        floor = max(n for n, base in bases.items() if base <= sensor.place_m[2])
        height = sensor.place_m[2] - bases[floor]
        features.append(_feature("Point", at(sensor.place_m), name=sensor.name, level=str(floor), height_m=height))
    return {"type": "FeatureCollection", "name": site.name, "features": features}


def _feature(shape: str, coordinates: Any, **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": shape, "coordinates": coordinates},
        "properties": properties,
    }


def dxf(site: Site, path: Path, *, unit: int = 4, scale: float = 1000.0) -> None:
    """A drawing in millimetres."""
    import ezdxf

    drawing = ezdxf.new("R2010")
    drawing.header["$INSUNITS"] = unit
    space = drawing.modelspace()
    for room in site.rooms:
        corners = [(x * scale, y * scale) for x, y in room.outline_m]
        space.add_lwpolyline(corners, close=True, dxfattribs={"layer": f"{room.kind.upper()}_{room.floor}"})
        x, y = (sum(axis) / len(corners) for axis in zip(*corners, strict=True))
        if room.kind not in ("yard", "outside"):
            space.add_text(room.name, dxfattribs={"insert": (x, y), "layer": f"NAMES_{room.floor}"})
    for wall in site.walls:
        ends = [(x * scale, y * scale) for x, y in (wall.start_m, wall.end_m)]
        space.add_line(*ends, dxfattribs={"layer": f"WALL_{wall.material.upper()}_{wall.floor}"})
    for sensor in site.sensors:
        floor = max(f.number for f in site.floors if f.base_m <= sensor.place_m[2])
        x, y, z = sensor.place_m
        layer = {"layer": f"SENSOR_{floor}"}
        space.add_point((x * scale, y * scale, (z - site.floors[floor].base_m) * scale), dxfattribs=layer)
        space.add_text(sensor.name, dxfattribs={"insert": ((x + 0.2) * scale, y * scale), **layer})
    drawing.saveas(path)
