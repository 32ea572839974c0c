"""What a sensor receives: the same wave from all sensors' point of view, and nothing but time where nobody sends."""

from itertools import pairwise

import numpy as np

from cellwarden.simulate.week import LIVELY
from cellwarden.simulate.week_air import RATE_HZ, STEPS, Scene
from cellwarden.simulate.week_ear import AFTER_S, BEFORE_S, WAVES, Ear, Waves, on_air

SCENE = Scene(30, 60.0, LIVELY, 43_200.0)


def test_every_burst_lies_in_what_is_on_the_air_and_samples_left_out_are_counted() -> None:
    spans = on_air(SCENE)
    assert all(any(low <= one.at_s < high for low, high in spans) for one in SCENE.bursts)
    assert all(b[0] - a[1] >= 1.0 for a, b in pairwise(spans))
    short = Scene(30, spans[0][1] + 0.1, LIVELY, 43_200.0)
    pieces = list(Ear(Waves(short), 0).without_silence())
    assert pieces[0][0] == round(max(0.0, spans[0][0]) * RATE_HZ) and not any(lost for lost, _iq in pieces[1:])
    (low, high), *_more = on_air(short)
    assert sum(len(iq) for _lost, iq in pieces) == round(high * RATE_HZ) - round(low * RATE_HZ)
    first = short.bursts[0].at_s
    assert first - low <= BEFORE_S + 1e-9 and high <= first + 60 + AFTER_S


def test_a_burst_is_heard_at_each_sensor_with_the_same_payload() -> None:
    waves = Waves(SCENE)
    one = next(one for one in SCENE.bursts if one.kind == "lte:pusch")
    made = [next(Ear(waves, sensor).placed([one]), None) for sensor in range(12)]
    loud = [placed.wave for placed in made if placed is not None and np.abs(placed.wave).max() > 20 * STEPS]
    assert len(loud) > 4
    first, *others = (np.fft.fft(wave) / np.linalg.norm(wave) for wave in loud)
    alike = [np.abs(np.fft.ifft(first * np.conj(other))).max() for other in others]
    assert sum(share > 0.7 for share in alike) >= 4  # where clocks are 1 ppm apart, a carrier turns once in a subframe
    same = [each for each in SCENE.bursts if each.act == one.act and each.kind == one.kind and each.first == one.first]
    assert 1 < len({id(waves.of(each)) for each in same}) <= WAVES * len({each.subframe % 10 for each in same})
