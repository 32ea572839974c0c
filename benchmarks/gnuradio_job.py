"""The least of a scan in GNU Radio, to compare with. Run by a Python that has it, as Debian's `gnuradio` brings.

    file of ci16 ─► complex ─► vectors of 512 ─► window, FFT ─► magnitude² ─► average over frames ─► threshold

    python3 benchmarks/gnuradio_job.py FILE.sigmf-data

Prints processor seconds and wall seconds. No burst is cut out and none is named: only where energy is.
"""

import sys
import time

from gnuradio import blocks, fft, filter, gr

SIZE = 512
AVERAGE = 2
"""Frames of 51 µs: a cell of about 0.1 ms, as the coarse pass of a scan."""


def main() -> None:
    """One pass over the file."""
    flow = gr.top_block()
    source = blocks.file_source(gr.sizeof_short, sys.argv[1], False)
    samples = blocks.interleaved_short_to_complex(False, False)
    frames = blocks.stream_to_vector(gr.sizeof_gr_complex, SIZE)
    transform = fft.fft_vcc(SIZE, True, fft.window.hann(SIZE), True, 1)
    power = blocks.complex_to_mag_squared(SIZE)
    mean = filter.single_pole_iir_filter_ff(1.0 / AVERAGE, SIZE)
    scalars = blocks.vector_to_stream(gr.sizeof_float, SIZE)
    hot = blocks.threshold_ff(1e9, 2e9, 0.0)
    flow.connect(source, samples, frames, transform, power, mean, scalars, hot, blocks.null_sink(gr.sizeof_float))
    wall, processor = time.perf_counter(), time.process_time()
    flow.run()
    print(time.process_time() - processor, time.perf_counter() - wall)


main()
