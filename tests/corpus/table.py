"""The whole corpus."""

from tests.corpus import csv_fr, csv_iso, excel, hl7, jsonl, rs_eda, xml_rpu, xml_sos

ALL = [case for shelf in (csv_fr, csv_iso, xml_sos, xml_rpu, jsonl, hl7, excel, rs_eda) for case in shelf.CASES]
