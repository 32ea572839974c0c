"""Settings of the bench, from words to values; what is wrong says how to write it."""

import pytest

from cellwarden.bench.plan import Plan, axis, channel, delay_spread, drawn_labels, impaired, known_labels, scene
from cellwarden.errors import BenchError
from cellwarden.simulate.trials import Conditions


def test_an_axis_has_both_ends() -> None:
    assert axis("-15:15:1") == tuple(map(float, range(-15, 16)))
    assert axis("0:1:0.25") == (0, 0.25, 0.5, 0.75, 1)
    assert axis("0:0.3:0.1") == (0, 0.1, 0.2, 0.3)
    assert axis("-3:0") == (-3, -2, -1, 0)
    assert axis("5") == (5,)


@pytest.mark.parametrize("words", ["", "a:b", "3:1:1", "0:1:0", "0:1:-1", "0:1:1:1", "nan", "0:inf:1", "0:100:0.01"])
def test_no_axis_is_refused(words: str) -> None:
    with pytest.raises(BenchError, match="low:high:step"):
        axis(words)


def test_delay_spreads_are_nanoseconds() -> None:
    assert delay_spread("100") == pytest.approx((100e-9, 100e-9))
    assert delay_spread("30:300") == pytest.approx((30e-9, 300e-9))
    for words in ("0", "300:30", "1:2:3", "20000"):
        with pytest.raises(BenchError, match="nanoseconds"):
            delay_spread(words)


def test_an_interface_is_all_its_labels_and_a_label_is_itself() -> None:
    assert set(drawn_labels("gsm")) == {"gsm:normal", "gsm:access", "gsm:downlink"}
    assert "other:lora" in drawn_labels("impostors") and "spur:cw" not in drawn_labels("impostors")
    assert drawn_labels("lte:prach") == ("lte:prach",)
    assert "gsm:downlink" in known_labels("gsm")


@pytest.mark.parametrize("asked", ["", "gs", "gsm:", "GSM", "tetra"])
def test_an_unknown_interface_lists_the_known(asked: str) -> None:
    with pytest.raises(BenchError, match="gsm, umts, lte, nr, bluetooth, ble"):
        drawn_labels(asked)


def test_an_unknown_channel_lists_the_known() -> None:
    with pytest.raises(BenchError, match="awgn, tdl-a, tdl-c, indoor"):
        channel("tdl-z", "100", 0.0, "mean")


def test_impairments_are_added_to_what_there_is() -> None:
    made = impaired("cfo=5, bits=8,iq-gain=0.5", Conditions())
    assert (made.cfo_ppm, made.timing_samples, made.faults.bits, made.faults.iq_gain_db) == (5.0, 1.0, 8, 0.5)
    nothing = impaired("none", made)
    assert (nothing.cfo_ppm, nothing.timing_samples, nothing.faults.bits) == (0.0, 0.0, None)


@pytest.mark.parametrize("words", ["cfo", "cfo=x", "cfo=-1", "bits=0", "bits=7.5", "speed=3", "cfo=nan", "none,cfo=1"])
def test_no_impairment_lists_the_known(words: str) -> None:
    with pytest.raises(BenchError, match="phase-noise="):
        impaired(words, Conditions())


def test_a_scene_tells_no_echoes_where_there_are_none() -> None:
    plain = scene(Plan("gsm", ("gsm:normal",), (0.0,), 1, 1))
    assert plain["channel"] == {"name": "awgn"}
    echoes = Conditions(channel("tdl-a", "30:300", 6.0, "received"))
    assert scene(Plan("gsm", ("gsm:normal",), (0.0,), 1, 1, conditions=echoes))["channel"]["fading"] == "received"
