"""Routes of the web pages, which work with and without JavaScript."""
