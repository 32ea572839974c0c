"""What a Wi-Fi station sends: preambles and modulators, straight from the standard.

    OFDM (IEEE 802.11-2020 §17.3), 20 MHz                       DSSS and CCK (§15, §16), 11 Mchip/s
    │ short training │  long training   │ SIGNAL │ data …       │   SYNC    │ SFD  │ header │ data …
    │  10 × 0.8 µs   │ 1.6 + 2 × 3.2 µs │  4 µs  │ 4 µs each    │128 (56) µs│16 (8)│ 48 (24)│
    └── 8 µs ────────┴── 8 µs ──────────┘                      └──────── Barker, 1 µs each ───┘ Barker or CCK

Each data symbol lasts 4 µs: 3.2 µs of 52 subcarriers spaced by 312.5 kHz, behind its own last 0.8 µs (in 802.11n also
0.4 µs: §19.3.2). Wider channels repeat the training fields in each 20 MHz, turned by a quarter (§19.3.9.3).
"""

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

SPACING_HZ = 312_500.0
CHIP_RATE_HZ = 11e6
SHORT_S, LONG_S = 8e-6, 8e-6
SYMBOL_S = 4e-6
PREFIX_S = 0.8e-6

SHORT_TRAINING = {  # IEEE 802.11-2020 equation 17-6: subcarrier and its sign of √(13/6) (1 + j)
    -24: 1, -20: -1, -16: 1, -12: -1, -8: -1, -4: 1, 4: -1, 8: -1, 12: 1, 16: 1, 20: 1, 24: 1,
}  # fmt: skip
LONG_TRAINING = (  # equation 17-8: subcarriers -26 to 26
    "++--++-+-++++++--++-+-++++0+--++-+-+-----++--+-+-++++"
)
BARKER = (1, -1, 1, 1, -1, 1, 1, 1, -1, -1, -1)  # §15.4.4.5
LONG_SFD, SHORT_SFD = 0xF3A0, 0x05CF
"""Start frame delimiters, §16.2.3.3 and §16.2.3.9, sent least significant bit first."""
LONG_SEED, SHORT_SEED = "1101100", "0011011"
"""What the scrambler's seven places begin with (§16.2.4), the place of delay 1 first."""
SIGNAL = {1.0: 0x0A, 2.0: 0x14, 5.5: 0x37, 11.0: 0x6E}  # §16.2.3.4

Rate = Literal["1", "2", "5.5", "11"]


def short_training() -> NDArray[np.complex128]:
    """Subcarriers -26 to 26 of the short training field: complex128, shape (53,)."""
    tones = np.zeros(53, np.complex128)
    for subcarrier, sign in SHORT_TRAINING.items():
        tones[subcarrier + 26] = sign * (1 + 1j)
    return math.sqrt(13 / 6) * tones


def long_training() -> NDArray[np.complex128]:
    """Subcarriers -26 to 26 of the long training field: complex128, shape (53,)."""
    return np.array([{"+": 1.0, "-": -1.0, "0": 0.0}[sign] for sign in LONG_TRAINING], np.complex128)


def tones_at(tones: NDArray[np.complex128], t: NDArray[np.float64]) -> NDArray[np.complex128]:
    """The periodic signal of subcarriers -K to K at times `t` in seconds, of mean power sum |tone|²."""
    half = len(tones) // 2
    turning = np.exp(2j * np.pi * SPACING_HZ * t)
    wave = np.zeros(len(t), np.complex128)
    phasor = turning ** (-half)
    for tone in tones:
        if tone:
            wave += tone * phasor
        phasor = phasor * turning
    return wave


def generate_ofdm(
    rng: np.random.Generator,
    *,
    rate_hz: float,
    symbols: int = 20,
    prefix_s: float = PREFIX_S,
    channels: int = 1,
    order: int = 4,
    carrier_offset_hz: float = 0.0,
    delay_samples: float = 0.0,
) -> tuple[NDArray[np.complex64], float]:
    """One OFDM frame of `symbols` random data symbols in 20 MHz times `channels`, mean power 1.

    `order` is the number of points of the subcarriers' square constellation. Data of several channels are each
    channel's own, as in a non-HT duplicate. Returns complex64 samples, shape (n,), and the (fractional) index of the
    beginning of the short training field.
    """
    data_s = prefix_s + 1 / SPACING_HZ
    duration = SHORT_S + LONG_S + SYMBOL_S + symbols * data_s
    start = 2 + delay_samples
    t = ((np.arange(math.ceil(start + duration * rate_hz) + 2) - start) / rate_hz).astype(np.float64)
    side = round(math.sqrt(order))
    levels = np.arange(-side + 1, side, 2) / math.sqrt(2 * (side**2 - 1) / 3)
    known = long_training()
    wave = np.zeros(len(t), np.complex128)
    for channel in range(channels):
        place = np.exp(2j * np.pi * 20e6 * (channel - (channels - 1) / 2) * t) * 1j**channel
        wave += place * np.where((t >= 0) & (t < SHORT_S), tones_at(short_training(), t), 0)
        within = (t >= SHORT_S) & (t < SHORT_S + LONG_S)
        wave += place * np.where(within, tones_at(known, t - SHORT_S - 1.6e-6), 0)
        begin, prefix = SHORT_S + LONG_S, PREFIX_S
        for _ in range(symbols + 1):
            tones = (rng.choice(levels, 53) + 1j * rng.choice(levels, 53)) * (known != 0)
            part = np.flatnonzero((t >= begin) & (t < begin + prefix + 1 / SPACING_HZ))
            wave[part] += place[part] * tones_at(tones, t[part] - begin - prefix)
            begin, prefix = begin + prefix + 1 / SPACING_HZ, prefix_s
    wave *= np.exp(2j * np.pi * (carrier_offset_hz * t + rng.random())) / math.sqrt(52 * channels)
    return wave.astype(np.complex64), start


def scrambled(bits: NDArray[np.int64], seed: str) -> NDArray[np.int64]:
    """Bits behind the self-synchronising scrambler of polynomial z⁻⁷ + z⁻⁴ + 1 (§16.2.4)."""
    state = [int(b) for b in seed]
    out = np.empty(len(bits), np.int64)
    for i, bit in enumerate(bits.tolist()):
        out[i] = bit ^ state[3] ^ state[6]
        state = [int(out[i]), *state[:6]]
    return out


def bits_of(value: int, count: int) -> list[int]:
    """An integer's bits, least significant first."""
    return [value >> i & 1 for i in range(count)]


QUARTERS = np.array([0, 1, 3, 2])
"""Quarter turns of DQPSK for the dibits (d0, d1) = 00, 01, 10, 11 (§16.3.6.5 table 16-1)."""


def barker_chips(turns: NDArray[np.int64]) -> NDArray[np.complex128]:
    """Chips of symbols that have turned by so many quarters since the start: complex128, shape (11 n,)."""
    return np.outer(1j**turns, np.array(BARKER)).ravel()


def cck_chips(bits: NDArray[np.int64], per_symbol: int, turn: int) -> NDArray[np.complex128]:
    """Chips of complementary code keying, 4 or 8 bits a symbol, after `turn` quarters (§16.3.6.6)."""
    d = bits.reshape(-1, per_symbol)
    first = QUARTERS[2 * d[:, 0] + d[:, 1]] + 2 * (np.arange(len(d)) % 2)
    p1 = turn + np.cumsum(first)
    if per_symbol == 4:
        p2, p3, p4 = 2 * d[:, 2] + 1, np.zeros(len(d), np.int64), 2 * d[:, 3]
    else:
        p2, p3, p4 = (2 * d[:, i] + d[:, i + 1] for i in (2, 4, 6))
    quarters = [p1 + p2 + p3 + p4, p1 + p3 + p4, p1 + p2 + p4, p1 + p4 + 2, p1 + p2 + p3, p1 + p3, p1 + p2 + 2, p1]
    chips: NDArray[np.complex128] = 1j ** (np.stack(quarters, axis=1) % 4)
    return chips.ravel()


def dsss_chips(rng: np.random.Generator, rate: Rate, data_octets: int, short: bool) -> NDArray[np.complex128]:
    """Chips of one frame with random data and a header of the right form: complex128."""
    mbps = float(rate)
    sync = [0] * 56 if short else [1] * 128
    header = bits_of(SIGNAL[mbps], 8) + [0] * 8 + bits_of(math.ceil(data_octets * 8 / mbps), 16)
    header += rng.integers(0, 2, 16).tolist()
    plain = np.array(sync + bits_of(SHORT_SFD if short else LONG_SFD, 16) + header)
    data = rng.integers(0, 2, 8 * data_octets)
    bits = scrambled(np.concatenate([plain, data]), SHORT_SEED if short else LONG_SEED)
    slow = len(sync) + 16 if short else len(plain)
    turns = list(2 * bits[:slow])
    turns += list(QUARTERS[2 * bits[slow : len(plain) : 2] + bits[slow + 1 : len(plain) : 2]])
    coded = bits[len(plain) :]
    if rate == "1":
        turns += list(2 * coded)
    elif rate == "2":
        turns += list(QUARTERS[2 * coded[::2] + coded[1::2]])
    done = np.cumsum(turns) % 4
    chips = barker_chips(done)
    if rate in ("5.5", "11"):
        chips = np.concatenate([chips, cck_chips(coded, 4 if rate == "5.5" else 8, int(done[-1]))])
    return chips


def root_raised_cosine(t: NDArray[np.float64], beta: float) -> NDArray[np.float64]:
    """Impulse response at times `t` in symbols, of energy 1."""
    t = t + 1e-9  # the removable singularities are no numbers
    return np.asarray(
        (np.sin(np.pi * t * (1 - beta)) + 4 * beta * t * np.cos(np.pi * t * (1 + beta)))
        / (np.pi * t * (1 - (4 * beta * t) ** 2))
    )


def generate_dsss(
    rng: np.random.Generator,
    *,
    rate_hz: float,
    rate: Rate = "1",
    data_octets: int = 60,
    short: bool = False,
    beta: float = 0.4,
    carrier_offset_hz: float = 0.0,
    delay_samples: float = 0.0,
) -> tuple[NDArray[np.complex64], float]:
    """One DSSS or CCK frame with random data, mean power 1.

    The standard leaves the chip's pulse to the maker: a root raised cosine of roll-off `beta`. Returns complex64
    samples, shape (n,), and the (fractional) index of the beginning of its first chip.
    """
    chips = dsss_chips(rng, rate, data_octets, short)
    start = 2 + delay_samples
    count = math.ceil(start + len(chips) * rate_hz / CHIP_RATE_HZ) + 2
    t = (np.arange(count) - start) * CHIP_RATE_HZ / rate_hz - 0.5
    wave = np.zeros(count, np.complex128)
    nearest = np.round(t).astype(int)
    for shift in range(-8, 9):
        k = nearest + shift
        inside = (k >= 0) & (k < len(chips))
        wave += np.where(inside, chips[np.clip(k, 0, len(chips) - 1)], 0) * root_raised_cosine(t - k, beta)
    wave *= np.exp(2j * np.pi * (carrier_offset_hz / rate_hz * np.arange(count) + rng.random()))
    return (wave / math.sqrt(float(np.mean(np.abs(wave) ** 2)))).astype(np.complex64), start
