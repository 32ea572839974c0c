"""The research bench: worlds that are simulated, or recorded, and detectors that are tried in them on the same footing.

    simulate ─► scene without its truth ─► any detector ─► claims ─┐
          └──────────────── truth ─────────────────────────────────┴─► measure ─► JSON, page, comparison

It stands above `runtime` and `simulate`, which do not know each other.
"""
