"""What pages show, made of models: pure functions, which know no request."""
