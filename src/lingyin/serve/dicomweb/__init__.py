"""DICOMweb (PS3.18): scans come in by STOW-RS; they and the results are found by QIDO-RS and fetched by WADO-RS."""
