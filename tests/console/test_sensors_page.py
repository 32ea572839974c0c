"""How each sensor does, and what is shown of its receiver."""

import time

from tests.console.conftest import Wing

from cellwarden.model import Blind, SensorState
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


def test_a_sensor_that_a_jammer_blinds_says_where_and_since_when(wing: Wing) -> None:
    line = told(wing, reason="jammed", blind=(Blind("20", time.time_ns()), Blind("433.92 MHz", time.time_ns())))
    assert "a jammer hides what phones send" in line and "look for it" in line
    assert "blind in band 20 since" in line and "blind around 433.92 MHz since" in line
    assert "blind" not in told(wing)


def test_nothing_is_called_quiet_while_a_sensor_is_deaf(wing: Wing) -> None:
    wing.sensors()
    page = wing.client("officer").get("/").text
    assert "All quiet" in page and 'class="calm"' in page
    wing.sensors(deaf="A1-S3")
    wing.app.state.desk.live._kept = None  # how things stand is believed for a second
    page = wing.client("officer").get("/").text
    assert "All quiet" not in page and 'class="calm"' not in page and "not every sensor hears" in page
    french = wing.client("officer", "fr").get("/").text
    assert "mais certains capteurs n’entendent pas" in french
