"""The audit in the web app: its findings, and the decisions on flagged labels."""
