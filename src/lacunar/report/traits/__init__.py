"""The report on a traits model, and the audit report."""
