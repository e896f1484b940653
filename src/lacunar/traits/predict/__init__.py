"""Step 6, answer: predictions, explanations, ONNX files."""
