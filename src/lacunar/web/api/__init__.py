"""What programs ask for, under ``/api/v1``, and whether the server is well."""
