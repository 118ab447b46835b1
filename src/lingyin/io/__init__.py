"""Reading DICOM, video and pictures lazily; geometry; the scan sector; phantoms. Knows no network."""
