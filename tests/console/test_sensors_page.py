"""How each sensor does, and what is shown of its receiver."""

import time

from tests.console.conftest import Wing

from cellwarden.model import SensorState
from cellwarden.watch import queries


def told(wing: Wing, **more: object) -> str:
    """The page's line of the sensor that tells this."""
    name = wing.site.sensors[0].name
    state = SensorState(name, time.time_ns(), -104.0, 0, 100.0, **more)  # type: ignore[arg-type]
    with wing.engine.begin() as c:
        queries.keep_sensor_state(c, state)
    page = wing.client("rf engineer").get("/sensors").text
    (line,) = [one for one in page.split("<tr") if f"<td>{name}</td>" in one]
    return line


def test_the_temperature_is_shown_where_it_is_told(wing: Wing) -> None:
    assert "41&nbsp;°C" in told(wing, temperature_c=41.3)
    assert "°C" not in told(wing)
