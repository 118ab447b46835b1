"""From a study to its report: sentences in three languages, HTML, JSON, overlay video, terminal table."""

from lingyin.report.check import check_report
from lingyin.report.schema import json_schema
from lingyin.report.sentences import Section, Sentence, sentences
from lingyin.report.worklist import write_worklist
from lingyin.report.write import write_report

__all__ = ["Section", "Sentence", "check_report", "json_schema", "sentences", "write_report", "write_worklist"]
