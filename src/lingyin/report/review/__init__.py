"""A physician's work on a report: corrections, signature with what was there before, labels for learning."""

from lingyin.report.review.edits import Edit, parse_edits, parse_set
from lingyin.report.review.sign import sign_report
from lingyin.report.review.verify import problems_of

__all__ = ["Edit", "parse_edits", "parse_set", "problems_of", "sign_report"]
