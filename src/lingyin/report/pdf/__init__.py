"""`report.pdf`: the report on A4 pages, one language after the other, typeset by Typst without any system library."""

from lingyin.report.pdf.render import render_pdf

__all__ = ["render_pdf"]
