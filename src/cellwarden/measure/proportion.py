"""How sure a share is: the score interval of a binomial proportion.

With k of n, share p = k / n and z the normal quantile of the confidence, the ends are

    ( p + z²/2n  ±  z sqrt( p (1 - p) / n + z²/4n² ) ) / (1 + z²/n)

Source: E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209. It keeps its coverage where few or all trials succeed, where
p ± z sqrt(p (1 - p) / n) collapses to a point (Brown, Cai, DasGupta, Stat. Sci. 16 (2001) 101).
"""

import math

import scipy

from cellwarden.measure.interval import Interval


def wilson(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """Interval of the share `successes / trials`; without a trial, everything from 0 to 1.

    Raises ValueError where successes are not among 0…trials.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} is no share")
    if trials == 0:
        return Interval(0.0, 1.0)
    z = float(scipy.special.ndtri((1 + confidence) / 2))
    share = successes / trials
    middle = share + z * z / (2 * trials)
    half = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    # At no and at full success one end is exactly 0 or 1; rounding must not say otherwise.
    lower = 0.0 if successes == 0 else (middle - half) / scale
    upper = 1.0 if successes == trials else (middle + half) / scale
    return Interval(lower, upper)
