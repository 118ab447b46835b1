"""The printed report as an Encapsulated PDF object (PS3.3 A.45.1), for archives that show no structured report."""

from __future__ import annotations

from pydicom import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import EncapsulatedPDFStorage

from lingyin.report.dicom.common import NOTICE, Context, Referenced, code_item, new_instance, reference_item

ULTRASOUND_REPORT = Code("25061-3", "LN", "Ultrasound Report")


def encapsulated_pdf(context: Context, referenced: Referenced, content: bytes) -> Dataset:
    """The object that carries `content`, the bytes of a PDF file."""
    dataset = new_instance(context, EncapsulatedPDFStorage, "pdf", "DOC")
    dataset.ConversionType = "WSD"
    dataset.BurnedInAnnotation = "YES"  # pictures may show what the scanner wrote on them
    dataset.DocumentTitle = f"Ultrasound report: {NOTICE}"
    dataset.ConceptNameCodeSequence = [code_item(ULTRASOUND_REPORT)]
    dataset.VerificationFlag = "VERIFIED" if context.study.signatures else "UNVERIFIED"
    dataset.SourceInstanceSequence = [reference_item(referenced)]
    dataset.MIMETypeOfEncapsulatedDocument = "application/pdf"
    dataset.AcquisitionDateTime = None
    dataset.EncapsulatedDocument = content + b"\0" * (len(content) % 2)
    dataset.EncapsulatedDocumentLength = len(content)
    return dataset
