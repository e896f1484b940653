"""The audit in the web app: findings, queries, and the decisions people take."""
