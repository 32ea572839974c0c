"""Pages of paper as PDF. Its core letters write French and English; nothing has to be installed."""

from fpdf import FPDF


def begun(title: str, language: str, margin_mm: float) -> FPDF:
    """An empty page of A4, measured in millimetres."""
    pdf = FPDF(format="A4", unit="mm")
    pdf.core_fonts_encoding = "cp1252"
    pdf.set_lang(language)
    pdf.set_title(written(title))
    pdf.set_auto_page_break(False)
    pdf.set_margins(margin_mm, margin_mm)
    pdf.add_page()
    return pdf


def written(text: str) -> str:
    """What the core letters can write: Western European; a narrow no-break space is a no-break space."""
    return text.replace("\u202f", "\u00a0").encode("cp1252", "replace").decode("cp1252")


def fit(pdf: FPDF, text: str, size: float, room_mm: float, *, bold: bool = False, least: float = 5.0) -> float:
    """Take letters of this size, in points, or smaller ones where the text is too long; how wide it is then."""
    pdf.set_font("helvetica", "B" if bold else "", size)
    needed = pdf.get_string_width(written(text))
    if needed <= room_mm:
        return float(needed)
    pdf.set_font_size(max(least, size * room_mm / needed * 0.99))
    return float(pdf.get_string_width(written(text)))
