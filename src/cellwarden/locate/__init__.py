"""From levels and times at many sensors to places: which cell, which floor, inside or outside the wall."""
