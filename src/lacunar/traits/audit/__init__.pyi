from lacunar.traits.audit.correction_sheet import apply_corrections as apply_corrections
from lacunar.traits.audit.correction_sheet import read_corrections as read_corrections
from lacunar.traits.audit.correction_sheet import write_corrections as write_corrections
from lacunar.traits.audit.findings import AuditFindings as AuditFindings
from lacunar.traits.audit.findings import audit_images as audit_images
from lacunar.traits.audit.to_json import audit_document as audit_document
from lacunar.traits.audit.unseen_predictions import unseen_probabilities as unseen_probabilities
