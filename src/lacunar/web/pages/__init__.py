"""What people look at: whole pages, with or without JavaScript."""
